"""The words of the demo club: names, notes, reasons. All invented."""

from __future__ import annotations

FIRST_NAMES = """
    Marina Ilya Lucía Ruth Björn Chiara Karl Mehmet Sofie Andrei Hanna Paweł Irena Theo Yuki Gustav Amara Nora Felix
    Leila Jonas Katarzyna Omar Ingrid Mateo Selin Viktor Clara Emil Fatima Henrik Zoe Anton Beatriz Cem Dagny Elif
    Farid Greta Hugo Ines Jakub Kemal Lena Milan Nadja Oskar Petra Quentin Rosa Stefan Tamara Umut Vera Wanda Xenia
    Yara Zoltan Alma Bruno Carla David Esther Frida Georg Helena Ivan Judith Kasper Linda Marek Nina Olaf Paula
    Rafael Sabine Tomas Ulrike Valentin Wiebke""".split()  # noqa: SIM905
LAST_NAMES = """
    Orlova Ferrer Adeyemi Aalto Bellini Wenzel Yıldız Dahl Popescu Sørensen Nowak Novák Marchand Tanaka Lind Diallo
    Weber Schmidt Krüger Vogel Hartmann Brandt Sommer Winter Lange Peters Arslan Kowalski Silva Rossi Petrov Ivanova
    Jansen Meier Fuchs Roth Böhm Seidel Haas Graf Keller Lorenz Busch Kuhn Pohl Engel Horn Bergmann Voigt Sauer
    Arnold Wolff Pfeiffer Okafor Nguyen Haddad Cohen Larsen Virtanen Horvat Marin Costa Moreau Dubois Bakker Smit
    Kaya Demir Öztürk Khan Singh Rahman Papadopoulos Georgiou Andersson Nilsson Eriksen Holm Sato Kim""".split()  # noqa: SIM905
SOURCES = ("walk-in", "website", "friend", "partner company", "event", "search")
GOALS = (
    "Lose 6 kg before summer", "Run a half marathon", "A back without pain", "More strength", "Swim again",
    "Keep moving after an injury", "Sleep better", "",
)  # fmt: skip
INTERESTS = ("strength", "yoga", "swimming", "cycling", "boxing", "rowing", "pilates", "sauna", "")
SPECIAL_TERMS = ("keeps the evening zone", "corporate terms", "locker for the term", "guest pass each month")
NOTES = {
    "freeze_wanted": ("Away for three weeks, asks for a freeze.", "In hospital until the end of the month."),
    "complaint": ("Was short on the phone.", "Wants an answer this week."),
    "do_not_call": ("Asked for it politely.",),
    "wrong_number": ("Somebody else has this number now.",),
    "booked": ("Would come after work. Likes Anna.", "Wants to see the morning classes.", "Asks for a quiet hour.", ""),
    "thinking": (
        "Let me see my shifts first. Ring me in the middle of the month, after lunch.",
        "Talks it over at home.",
        "Waits for the new schedule.",
    ),
    "callback": ("In a meeting now.", "Was driving.", "On a train, bad line."),
    "refused": ("", "", "Says it kindly, means it.", "May come back in autumn.", "Wants nothing by phone."),
    "talked": ("All is well, goes regularly.", "Happy with the classes.", ""),
}
OTHER_WORDS = ("Goes climbing now.", "Has a gym at work.", "Wants a club with a garden.")
COMPETITORS = ("FitHaus", "Studio Nord", "IronWorks", "City Gym", "AquaPark")
CANCEL_REASONS = ("moved away", "health", "job lost")
ANSWERS = (
    "The part has been ordered; it is mended on Thursday.",
    "We are sorry. The class has a second trainer from now on.",
    "Thank you for telling us; we have changed it.",
)
REQUEST_ANSWER = "done, the member knows"
REQUESTS = (
    "Asks whether the pool opens at six in summer.",
    "Needs a bill for the employer.",
    "Lost a grey bottle in the changing room.",
    "Would like to be shown the new rowing machines.",
)
COMPLAINTS = (
    "The showers on the second floor have been cold for a week.",
    "The class at 18:00 was cancelled twice without a word.",
    "Music so loud that one cannot hear the trainer.",
)
SKIPS = ("did not want it", "comes with a friend who showed everything")
MEASURES = ("24.1 % fat, 38 % muscle", "31.0 % fat, 33 % muscle", "19.5 % fat, 44 % muscle")

PLANS = (
    # code, name, term count, unit, price, freeze days, shortest freeze, freezes at most, zones
    ("DAY1", "Day time, 1 month", 1, "m", "45.00", 0, 7, None, ["gym"]),
    ("FULL1", "Full day, 1 month", 1, "m", "69.00", 0, 7, None, ["gym", "classes"]),
    ("DAY6", "Day time, 6 months", 6, "m", "240.00", 14, 7, 2, ["gym"]),
    ("FULL6", "Full day, 6 months", 6, "m", "372.00", 14, 7, 2, ["gym", "classes"]),
    ("DAY12", "Day time, 12 months", 12, "m", "432.00", 30, 7, 3, ["gym"]),
    ("FULL12", "Full day, 12 months", 12, "m", "660.00", 30, 7, 3, ["gym", "classes"]),
    ("AQUA12", "Full day and pool, 12 months", 12, "m", "780.00", 45, 7, 3, ["gym", "classes", "pool"]),
)
PLAN_WEIGHTS = (6, 8, 14, 22, 14, 26, 10)
