"""How gunicorn serves Ringback: ``gunicorn -c config/gunicorn.py``."""

from __future__ import annotations

import os
import shutil

from config import environment

os.environ["RINGBACK_WEB"] = "1"  # settings: pool connections, never wait for the broker
os.environ.setdefault("WEB_THREADS", "8")
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # the workers' counters, added up by /metrics
    _metrics = environment.var_dir() / "run" / "metrics"
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)

wsgi_app = "config.wsgi:application"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ["WEB_THREADS"])
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
preload_app = True
control_socket_disable = True
accesslog = None
loglevel = "warning"


def child_exit(server: object, worker: object) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined]
