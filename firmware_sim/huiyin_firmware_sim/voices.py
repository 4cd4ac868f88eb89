"""What pretend visitors say: texts of the four kinds, in the languages of the product, each with its theme.

A theme is a word of the service catalogue (requirement A5); an organisation without it files the text as it likes.
"""

from typing import NamedTuple

from huiyin_shared.survey import FeedbackKind, Language, Tone


class Voice(NamedTuple):
    """One thing a visitor may say."""

    kind: FeedbackKind
    theme: str
    text: str


VOICES: dict[Language, tuple[Voice, ...]] = {
    "zh-Hans": (
        Voice("complaint", "attitude", "工作人员一直低头看手机，叫了三次才抬头，态度很不耐烦。"),
        Voice("complaint", "attitude", "我问为什么要补材料，回答“不知道，自己上网查”，这样的服务太差了。"),
        Voice("complaint", "delay", "承诺三个工作日办结，今天第八天了，打电话没人接，来窗口说还要等。"),
        Voice("complaint", "delay", "取号以后等了一个小时二十分钟，后来的人反而先办了。"),
        Voice("complaint", "fees", "电费单比上个月多了一倍，要求查表被拒绝，请给一个书面说明。"),
        Voice("complaint", "fees", "换水表收了我 150 元，墙上公示的是免费，请退还。"),
        Voice("complaint", "buck_passing", "一号窗口让我去三号，三号让我回一号，来回跑了四趟，没有人负责。"),
        Voice("complaint", "improper", "把我的户号录错了，停了别人家的电，也停了我家的电。"),
        Voice("suggestion", "environment", "老人多，等候区能不能加几把带扶手的椅子，再放一台饮水机。"),
        Voice("suggestion", "delay", "中午只开一个窗口，上班的人只能中午来，希望错峰安排。"),
        Voice("suggestion", "guidance", "填单台的样表字太小，请印大一点，并放一副老花镜。"),
        Voice("suggestion", "online", "希望报装进度能在手机上查，不用每次跑来问。"),
        Voice("praise", "attitude", "我母亲听不清，工作人员写在纸上一条一条解释，非常感谢！"),
        Voice("praise", "delay", "从取号到办完只用了九分钟，比以前快多了，点赞。"),
        Voice("praise", "attitude", "下班时间到了还坚持把我的业务办完，太暖心了。"),
        Voice("enquiry", "online", "新装三相电需要哪些材料？可以网上申请吗？"),
        Voice("enquiry", "fees", "阶梯电价第二档从多少度开始算？"),
        Voice("enquiry", "guidance", "户主去世了，过户需要继承人都到场吗？"),
    ),
    "en": (
        Voice("complaint", "attitude", "The clerk kept looking at her phone and sighed when I asked a question."),
        Voice("complaint", "delay", "I was told three working days. It is day eight and nobody picks up the phone."),
        Voice("complaint", "fees", "My bill doubled since last month and nobody would check the meter."),
        Voice("complaint", "buck_passing", "Counter one sent me to three, three sent me back to one. Four times."),
        Voice("suggestion", "guidance", "Please put an English sample form beside the Chinese one."),
        Voice("suggestion", "environment", "A few chairs with armrests would help older visitors."),
        Voice("praise", "attitude", "The young man at this counter was patient and spoke clear English. Thank you!"),
        Voice("enquiry", "online", "Can a foreign resident move the contract to a new flat online?"),
    ),
}

WORDS: dict[Language, dict[Tone, tuple[str, ...]]] = {
    "zh-Hans": {
        "good": ("办事很快", "讲得很清楚", "谢谢小姑娘", "环境干净", "排队有秩序"),
        "fair": ("还可以，再快点就好了", "人有点多", "指示牌不明显"),
        "bad": ("等太久了", "态度冷淡", "问一句答一句", "来了三次都没办成", "说不清楚要什么材料"),
    },
    "en": {
        "good": ("Quick and friendly", "Very clear, thank you"),
        "fair": ("Fine, but crowded", "Signs are hard to find"),
        "bad": ("Waited far too long", "Nobody could explain the form"),
    },
}

SURNAMES = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙")
ENGLISH_NAMES = ("A. Brown", "M. Silva", "J. Novak", "S. Kaur")
