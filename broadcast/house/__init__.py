"""The house Yishi runs in: servers from wheels, supervisor, static files, doctor and test runs; it knows no rule of a show."""
