"""Schedules: operations that run by themselves at times that a cron expression gives, as the principal who said so."""
