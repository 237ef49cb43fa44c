-- SPDX-License-Identifier: GPL-2.0-or-later
-- A filter of pandoc's: Markdown of this directory -> a manual page, with the README's own text where the page asks for it:
--
--     ::: {readme="Options"}
--     :::
--
-- becomes what stands below that heading, down to the next one. A table becomes a list with the first column as its terms.

local directory = PANDOC_STATE.input_files[1]:match("^(.*)/[^/]*$") or "."

local function read_readme()
  local path = directory .. "/../README.md"
  local file = assert(io.open(path), path .. " is missing")
  local text = file:read("a")
  file:close()
  return pandoc.read(text, "gfm").blocks
end

local readme = read_readme()

local function section(title)
  local found, blocks = false, pandoc.List()
  for _, block in ipairs(readme) do
    if block.t == "Header" then
      if found then break end
      found = pandoc.utils.stringify(block) == title
    elseif found then
      blocks:insert(block)
    end
  end
  assert(found, "README.md has no section " .. title)
  return blocks
end

local ESCAPES = {
  ["\\"] = "\\e", ["-"] = "\\-", ["'"] = "\\(aq", ["`"] = "\\(ga", ["^"] = "\\(ha", ["~"] = "\\(ti",
}

local function escape(text)
  return (text:gsub("[\\'`^~-]", ESCAPES))
end

-- Longer words may not fit into the rest of a line.
local LONG = 30

local function word(text)
  return "\\%" .. text:gsub(#text > LONG and "[|,_{]" or "[|,]", "%0\\:")
end

-- What is to be typed, or what a program says, is bold in a manual page. Its words are broken behind | and comma only, and long
-- ones behind _ and { as well.
local function code(element)
  return pandoc.RawInline("man", "\\f[B]" .. escape(element.text):gsub("%S+", word) .. "\\f[R]")
end

local function code_block(element)
  local text = ("\n" .. escape(element.text)):gsub("\n%.", "\n\\&.")
  return pandoc.RawBlock("man", ".PP\n.RS 4\n.EX" .. text .. "\n.EE\n.RE")
end

-- A link into the README leads nowhere in a manual page.
local function link(element)
  return element.target:match("^#") and element.content or nil
end

local function inlines(cell)
  return cell[1] and cell[1].content or pandoc.List()
end

local function is_empty(cell)
  return pandoc.utils.stringify(cell) == ""
end

local function labelled(header, cell)
  local label = header:clone()
  if label[1].t == "Str" then
    label[1] = pandoc.Str(label[1].text:gsub("^%l", string.upper))
  end
  return pandoc.Para(label .. { pandoc.Str(": ") } .. inlines(cell))
end

-- The last column is the meaning. The one in the middle, say "default" or "example", follows it: "Default: 5".
-- Where the first column has no heading, the others are compared, and each has its label.
local function definition(headers, row)
  local blocks = pandoc.List()
  local compared = is_empty(headers[1])
  if not compared and #row > 1 and not is_empty(row[#row]) then
    blocks:insert(pandoc.Para(inlines(row[#row])))
  end
  for i = 2, compared and #row or #row - 1 do
    if not is_empty(row[i]) then
      blocks:insert(labelled(inlines(headers[i]), row[i]))
    end
  end
  return blocks
end

local function table_as_list(element)
  local simple = pandoc.utils.to_simple_table(element)
  local items = pandoc.List()
  for _, row in ipairs(simple.rows) do
    items:insert({ inlines(row[1]), { definition(simple.headers, row) } })
  end
  return pandoc.DefinitionList(items)
end

local function include(element)
  local title = element.attributes.readme
  return title and section(title) or nil
end

return {
  { Div = include },
  { Table = table_as_list },
  { Code = code, CodeBlock = code_block, Link = link },
}
