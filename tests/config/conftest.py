from tests.config.servers import join, stopped, var, with_data

__all__ = ["join", "stopped", "var", "with_data"]
