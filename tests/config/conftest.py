from tests.config.servers import join, var

__all__ = ["join", "var"]
