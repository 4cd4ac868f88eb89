"""A hall to look at and one state for each screen: for pictures, and for tests that walk every screen. Pure."""

from dataclasses import replace

from huiyin_kiosk.visit.drafts import FeedbackDraft, RatingDraft
from huiyin_kiosk.visit.state import (
    About,
    Attract,
    ContactChoice,
    ContactForm,
    Kinds,
    NotKept,
    Reasons,
    Screen,
    SettingUp,
    State,
    Telling,
    Thanks,
    Words,
)
from huiyin_shared.desired import CategoryCard, CounterCard, Desired, Promise, StaffCard, Text
from huiyin_shared.survey import Language

_STAFF = (
    ("王敏", "Wang Min"),
    ("李建国", "Li Jianguo"),
    ("张晓燕", "Zhang Xiaoyan"),
    ("陈志强", "Chen Zhiqiang"),
    ("刘芳", "Liu Fang"),
    ("赵海涛", "Zhao Haitao"),
)
_CATEGORIES = (
    ("attitude", "服务态度", "Service attitude"),
    ("delay", "超过承诺时限", "Delay beyond promised time"),
    ("passing", "推诿扯皮", "Buck-passing"),
    ("fees", "收费问题", "Fees and charges"),
    ("install", "业扩报装", "New connections"),
    ("repair", "抢修服务", "Repairs"),
    ("bill", "电费账单", "Bills"),
    ("other", "其他", "Other"),
)


def sample_hall() -> Desired:
    """Return the configuration of a kiosk in a hall with six counters."""
    return Desired(
        version=1,
        organisation=Text(zh="滨江供电公司", en="Binjiang Power Supply"),
        hall=Text(zh="城东营业厅", en="East City Hall"),
        counter="h1-c3",
        counters=[
            CounterCard(
                code=f"h1-c{i}",
                name=Text(zh=f"{i}号窗口", en=f"Counter {i}"),
                staff=StaffCard(code=f"s-{i}", name=Text(zh=zh, en=en)),
            )
            for i, (zh, en) in enumerate(_STAFF, start=1)
        ],
        categories=[CategoryCard(code=code, name=Text(zh=zh, en=en)) for code, zh, en in _CATEGORIES],
        promise=Promise(
            "限时办结：一般业务当场办理，投诉三个工作日内答复。收费公示，首问负责。服务监督就在您面前的这块屏幕上。",
            "Everyday matters are settled at once, complaints answered within three working days. Fees are posted; "
            "whoever you ask first stays responsible. Tell us here how we did.",
        ),
    )


def sample_states(language: Language) -> dict[str, State]:
    """Return a state for each screen by the name its picture gets."""
    hall = sample_hall()
    chinese = language == "zh-Hans"
    text = (
        "等待时间太长，排了一个多小时才叫到我的号，问了三个窗口都说不归他们管。希望多开窗口。"
        if chinese
        else "The wait was too long: more than an hour until my number was called, and three counters sent me on."
    )
    draft = FeedbackDraft("v", "complaint", hall.counter, "s-3", language, "delay", text)
    praise = replace(draft, kind="praise", text="")
    name = "王女士" if chinese else "Ms Wang"
    attract = State(home_language=language, language=language, desired=hall, screen=Attract())
    rating = RatingDraft("v", hall.counter, "s-3", 5, language)
    screens: dict[str, Screen] = {
        "reasons": Reasons(5, frozenset({"attitude", "speed"})),
        "reasons-bad": Reasons(1, frozenset({"queue"}), "太久了"),
        "words": Words(Reasons(2, words="")),
        "words-written": Words(Reasons(2, words=text[:30])),
        "kinds": Kinds(),
        "about": About(draft),
        "telling": Telling(draft),
        "telling-empty": Telling(replace(praise, category="")),
        "telling-long": Telling(replace(draft, text=text * 20)),
        "contact-choice": ContactChoice(draft),
        "contact-phone": ContactForm(replace(draft, phone="138 0000")),
        "contact-missing": ContactForm(replace(draft, phone="13"), missing="phone"),
        "contact-name": ContactForm(replace(draft, name=name, phone="13800001234"), field="name"),
        "thanks": Thanks(),
        "thanks-receipt": Thanks("7K3M9A-1042-46"),
        "not-kept-full": NotKept("full", rating, Attract()),
        "not-kept-broken": NotKept("broken", rating, Attract()),
    }
    states = {"setting-up": replace(attract, desired=None, screen=SettingUp()), "attract": attract}
    states |= {name: replace(attract, screen=screen, visit="v") for name, screen in screens.items()}
    states["idle-warning"] = replace(states["telling"], warned_ms=0)
    return states
