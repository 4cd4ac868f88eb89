"""What the pages need to know about where they run."""

from dataclasses import dataclass

from huiyin_shared.survey import Language


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Settings of the pages; `bootstrap` fills them from the hub's.

    `secure` says that people reach the pages by https: cookies then travel on https only. A session unused for
    `idle_logout_s` ends, and every session ends after `longest_session_s`.
    """

    language: Language = "zh-Hans"
    timezone: str = "Asia/Shanghai"
    secure: bool = False
    idle_logout_s: int = 30 * 60
    longest_session_s: int = 12 * 3_600
    poll_s: float = 0.15
