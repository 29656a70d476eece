"""Settings of the web server. gunicorn reads this file itself wherever it is started in this folder."""

import os

timeout = 60
# The workers tell by a file that they are alive. In memory it never waits for a disk.
_memory = "/dev/shm"  # noqa: S108
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None
control_socket_disable = True
# No header may say under which path the platform is served: a proxy on this machine passes on what
# anybody sends, and every link of a page would lead where the sender wants.
forwarder_headers = ""
# Slow clients keep no worker waiting, with or without a proxy in front.
worker_class = "core.web_worker.BufferingWorker"
# Answers go through the worker's buffer.
sendfile = False
