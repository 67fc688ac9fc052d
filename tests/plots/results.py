"""Small results of the analyses, as records: what a picture is drawn from."""

from datetime import date
from decimal import Decimal

AS_OF = date(2026, 11, 23)


def total(unit_type, available, expiring="0"):
    return {
        "unit_type": unit_type,
        "available": None if available is None else Decimal(available),
        "expiring": Decimal(expiring),
        "holdings": 1,
        "members": 1,
        "users": 1,
    }


def timeline(unit_type, amounts):
    """Periods of a timeline: `amounts` maps the first day of each to what expires in it."""
    cumulative, rows = Decimal(0), []
    for period, amount in amounts.items():
        cumulative += Decimal(amount)
        rows.append(
            {
                "period": period,
                "unit_type": unit_type,
                "expiring": Decimal(amount),
                "rewards": 1,
                "cumulative": cumulative,
            }
        )
    return rows


def goal(description, progress, *, unit_type="MILES", remaining="2500", user_guid="USR-1"):
    return {
        "user_guid": user_guid,
        "member_guid": "MBR-1",
        "account_guid": None,
        "unit_type": unit_type,
        "goal": "LEVEL",
        "description": description,
        "remaining": Decimal(0) if progress == 1 else Decimal(remaining),
        "available": None if progress is None else Decimal(7500),
        "progress": progress,
        "reached": progress == 1,
    }


def band(unit_type, at_least, below, holdings, available):
    return {
        "unit_type": unit_type,
        "at_least": None if at_least is None else Decimal(at_least),
        "below": None if below is None else Decimal(below),
        "holdings": holdings,
        "members": holdings,
        "available": Decimal(available),
    }
