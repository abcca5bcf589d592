"""Which townships, villages and communities the sample has: real names and codes of Jiaojiang, made-up ones to fill up.

The names and codes are facts of the public statistical division codes of 2022. Its ninth street, Haihong, is folded into
Haimen, so its villages keep their names and get free codes. The district had 275 villages and 37 communities in 2018;
what the list lacks is made up, looks made up (样例一村) and has free codes. The fishery company is made up as a unit.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

TownshipKind = Literal["street", "town", "farm", "company"]
VillageKind = Literal["community", "village"]

DISTRICT_CODE: Final = "331002000000"
DISTRICT_NAME: Final = "椒江区"

_FIRST_FOLDED: Final = 301
_FIRST_MADE_UP: Final = 351
_DIGITS: Final = "零一二三四五六七八九"


@dataclass(frozen=True)
class TownshipName:
    """A township-level unit: 12-digit code, name and kind."""

    code: str
    name: str
    kind: TownshipKind


@dataclass(frozen=True)
class VillageName:
    """A village or community: 12-digit code, name, kind, its township and whether it is made up."""

    code: str
    name: str
    kind: VillageKind
    township: str
    made_up: bool


@dataclass(frozen=True)
class _Township:
    """One row of the table: words of three digits (the end of the code) and a name without its ending."""

    code: str
    name: str
    kind: TownshipKind
    communities: str
    villages: str
    made_up_villages: int
    folded_communities: str = ""
    folded_villages: str = ""


def townships() -> tuple[TownshipName, ...]:
    """The 11 township-level units in code order."""
    return tuple(TownshipName(row.code, row.name, row.kind) for row in _table())


@cache
def villages() -> tuple[VillageName, ...]:
    """The 275 villages and 37 communities in code order."""
    found: list[VillageName] = []
    made_up = 0
    for row in _table():
        stem = row.code[:9]
        listed = [(stem + word[:3], word[3:], "社区") for word in row.communities.split()]
        listed += [(stem + word[:3], word[3:], "村") for word in row.villages.split()]
        folded = [(name, "社区") for name in row.folded_communities.split()]
        folded += [(name, "村") for name in row.folded_villages.split()]
        listed += [(f"{stem}{_FIRST_FOLDED + k}", name, ending) for k, (name, ending) in enumerate(folded)]
        found.extend(_village(code, name, ending, row.code) for code, name, ending in listed)
        for sequence in range(_FIRST_MADE_UP, _FIRST_MADE_UP + row.made_up_villages):
            made_up += 1
            name = f"样例{chinese_number(made_up)}村"
            found.append(VillageName(f"{stem}{sequence}", name, "village", row.code, True))
    return tuple(sorted(found, key=lambda village: village.code))


def chinese_number(number: int) -> str:
    """A number from 1 to 999 in Chinese digits, as it stands in made-up names."""
    hundreds, rest = divmod(number, 100)
    tens, units = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and units:
        text += "零"
    return text + (_DIGITS[units] if units else "")


def _village(code: str, stem: str, ending: str, township: str) -> VillageName:
    name = stem if stem.endswith(("委会", "生活区")) else stem + ending
    return VillageName(code, name, "community" if ending == "社区" else "village", township, False)


@cache
def _table() -> tuple[_Township, ...]:
    return (
        _Township(
            "331002001000",
            "海门街道",
            "street",
            (
                "001屋基里 002泰顺里 003城隍浦 004衙门巷 005育才 006凤凰 007建设 008枫山 009枫南 "
                "010岭南 011景元 012百家和 013景海 014太和"
            ),
            "211岩头 212东辉 213东丰 214王家",
            3,
            folded_communities="朝阳",
            folded_villages="飞龙 高闸 光辉 翻身 六甲 和平 解家 东兴",
        ),
        _Township(
            "331002002000",
            "白云街道",
            "street",
            ("001横河 002小井 003白云 004云健 005翠华 006花园 008广厦 009开元 011塘岸 012星星"),
            "210沙王 212星星",
            0,
        ),
        _Township(
            "331002003000",
            "葭沚街道",
            "street",
            "001中山 002桔园 003星洲 004江边 005东平 007明珠",
            (
                "200五洲 201星光 202星明 204富强 205乌石 206三山 207上洋 208建库 209高坎 "
                "210水门 216东山头 217南洋 219东上洋 220东庄 221下陈坝 222方桥 223井马 224前村 "
                "225中村 229下北山 231上马后大 232上马前大 233花泾 235栅桥 240董家洋 241马庄"
            ),
            6,
        ),
        _Township(
            "331002004000",
            "洪家街道",
            "street",
            "003鸿州 004港湾 005港河",
            (
                "201上杠 202山头墩 203烟墩坝 204仓前王 205河头陈 206陶家洋 207上徐 208后高桥 "
                "209前高桥 210小板桥 212前洪 213大路王 214街洪 215后街 216上洋桥 217兆桥 218义民 "
                "219大板桥 222后洋王 224祝昌 225杨家陇 226塔下程 227朱家店 228西王 230灵香店 "
                "231坦邱 232上林桥 233上洋邱 234王桥 236挡港桥 237复兴"
            ),
            10,
        ),
        _Township(
            "331002005000",
            "三甲街道",
            "street",
            "",
            (
                "200保家 202卫国 203改革 205石柱 206解放 207优胜 208甲南 209裕广堂 210坚决 "
                "211优良 212街下 213海明 214海丰 215沿海 216老海城 217金家 218楼里 219三丰 "
                "220三甲 221街浦 222利益 223一心 224晨光 226四甲 227海保 228三塘 229东海 "
                "230同利 231明亮 245滨海"
            ),
            12,
        ),
        _Township(
            "331002006000",
            "下陈街道",
            "street",
            "001文华",
            (
                "203南野份 204日山份 206沙北 207桥南 208岸里 209东新堂 210大桥头 211横河陈 "
                "212下洋潘 213草坦洪 214南岸里 215下洋邱 216下六份 219陈洪 221后邱 224同心 225高张 "
                "226杨家 227两爿墩 229下陈 232三顶桥 233永胜 234前阮 235明星 236水仓头 237勇进 "
                "238横塘 241南门 242广兴 243水陡王"
            ),
            8,
        ),
        _Township(
            "331002007000",
            "前所街道",
            "street",
            "004圆山",
            (
                "200新民 201东路 202下浦 203前所 204陈岙 206上徐 207下徐 208椒江 209六联 "
                "210妥桥 211王礁 213陶家 214上西 215下西 216新殿 217胡东 218下墩头 219中西 "
                "220河坎下 221树桥头 222赵家 225外西 226外东 228汾头洋 230道感堂 231七年 232横蒋 "
                "233横西 234兴岙 235西浦 236双闸"
            ),
            10,
        ),
        _Township(
            "331002008000",
            "章安街道",
            "street",
            "",
            (
                "200建设 201回浦 202华景 203蔡桥 204长汇 205山前 206湖巉 207杨司 208合旗 "
                "209古桥 210闸头 211西洋王 212前街 213谢张 214谢杨 215柏树里 216双洋 217湖角 "
                "218东西 219花园 220范岙 221下洋孔 222西洋 223梓林 224山门 225马峙 226陈宅 "
                "227李宅 230道头金 231下洋 232黄礁 234东埭 235山横 236柏加张 237柏加徐 238柏加沙 "
                "239柏加王 240九阳"
            ),
            18,
        ),
        _Township(
            "331002101000",
            "大陈镇",
            "town",
            "001沿港居委会",
            "206上大陈 207东镇 208梅花湾",
            2,
        ),
        _Township(
            "331002400000",
            "椒江农场",
            "farm",
            "",
            "500一分场生活区 501二分场生活区",
            0,
        ),
        _Township("331002499000", "样例渔业公司", "company", "", "", 1),
    )
