# SPDX-License-Identifier: GPL-2.0-or-later
"""The mock cluster that comes with librdkafka, and a consumer: see rdkafka.h and rdkafka_mock.h."""

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p

RD_KAFKA_PRODUCER, RD_KAFKA_CONSUMER = 0, 1


class _Message(Structure):
    """rd_kafka_message_t"""

    _fields_ = [("err", c_int), ("topic", c_void_p), ("partition", c_int32), ("payload", c_void_p), ("len", c_size_t),
                ("key", c_void_p), ("key_len", c_size_t), ("offset", c_int64), ("private", c_void_p)]


# function: what it gives, what it takes
FUNCTIONS = {
    "rd_kafka_conf_new": (c_void_p, []),
    "rd_kafka_conf_set": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_size_t]),
    "rd_kafka_new": (c_void_p, [c_int, c_void_p, c_char_p, c_size_t]),
    "rd_kafka_destroy": (None, [c_void_p]),
    "rd_kafka_mock_cluster_new": (c_void_p, [c_void_p, c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [c_void_p]),
    "rd_kafka_mock_cluster_bootstraps": (c_char_p, [c_void_p]),
    "rd_kafka_mock_topic_create": (c_int, [c_void_p, c_char_p, c_int, c_int]),
    "rd_kafka_topic_partition_list_new": (c_void_p, [c_int]),
    "rd_kafka_topic_partition_list_add": (c_void_p, [c_void_p, c_char_p, c_int32]),
    "rd_kafka_topic_partition_list_destroy": (None, [c_void_p]),
    "rd_kafka_assign": (c_int, [c_void_p, c_void_p]),
    "rd_kafka_consumer_poll": (POINTER(_Message), [c_void_p, c_int]),
    "rd_kafka_consumer_close": (c_int, [c_void_p]),
    "rd_kafka_message_destroy": (None, [POINTER(_Message)]),
}


class MockCluster:
    """One broker, with a topic of one partition."""

    def __init__(self, topic):
        self._library = ctypes.CDLL("librdkafka.so.1")
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._owner = self._client(RD_KAFKA_PRODUCER, {})
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._owner, 1)
        self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), 1, 1)
        self.bootstrap_servers = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self._consumer = self._client(RD_KAFKA_CONSUMER, {"bootstrap.servers": self.bootstrap_servers, "group.id": "test",
                                                          "auto.offset.reset": "earliest"})
        partitions = self._library.rd_kafka_topic_partition_list_new(1)
        self._library.rd_kafka_topic_partition_list_add(partitions, topic.encode(), 0)
        self._library.rd_kafka_assign(self._consumer, partitions)
        self._library.rd_kafka_topic_partition_list_destroy(partitions)

    def _client(self, kind, settings):
        error = ctypes.create_string_buffer(512)
        configuration = self._library.rd_kafka_conf_new()
        for name, value in settings.items():
            result = self._library.rd_kafka_conf_set(configuration, name.encode(), value.encode(), error, len(error))
            assert result == 0, error.value
        client = self._library.rd_kafka_new(kind, configuration, error, len(error))
        assert client, error.value
        return client

    def poll(self, timeout=0.1):
        """The next message: its key and its text. None where there is none."""
        message = self._library.rd_kafka_consumer_poll(self._consumer, int(timeout * 1000))
        if not message:
            return None
        try:
            m = message.contents
            return None if m.err else (ctypes.string_at(m.key, m.key_len).decode(), ctypes.string_at(m.payload, m.len).decode())
        finally:
            self._library.rd_kafka_message_destroy(message)

    def close(self):
        self._library.rd_kafka_consumer_close(self._consumer)
        self._library.rd_kafka_destroy(self._consumer)
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._owner)
