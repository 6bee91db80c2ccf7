"""Never lost, never twice: each check takes its size. ``make soak`` runs them at full length, the tests here short."""
