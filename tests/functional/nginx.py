# SPDX-License-Identifier: GPL-2.0-or-later
"""The real nginx, run in a directory of its own."""

from proxy_process import ProxyProcess


class Nginx(ProxyProcess):
    """One nginx that passes connections on, with a PROXY protocol header in front of each."""

    def start(self, listen, upstream, directives=""):
        config_file = self.directory / "nginx.conf"
        pid_file = self.directory / "nginx.pid"
        config_file.write_text(
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
            "daemon off;\n"
            f"pid {pid_file};\n"
            f"error_log {self.log_file};\n"
            "events {}\n"
            "stream {\n"
            "  server {\n"
            f"    listen {listen};\n"
            f"    proxy_pass {upstream};\n"
            "    proxy_protocol on;\n"
            f"    {directives}\n"
            "  }\n"
            "}\n")
        # the pid file is written once it listens
        return self.run(["/usr/sbin/nginx", "-p", self.directory, "-c", config_file, "-e", self.log_file],
                        pid_file.exists)
