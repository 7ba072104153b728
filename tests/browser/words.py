"""What the page calls things, in either language."""

import json
import re
from pathlib import Path

I18N = Path(__file__).resolve().parents[2] / "explorer" / "web" / "i18n"
LANGUAGES = [json.loads((I18N / f"{language}.json").read_text(encoding="utf-8")) for language in ("en", "zh")]


def named(key: str) -> re.Pattern[str]:
    """The name that the page gives to something, whichever language it speaks."""
    return re.compile("^(" + "|".join(re.escape(words[key]) for words in LANGUAGES) + ")$")
