"""What are things called in a city that does not exist: names of two characters with their pinyin, never twice?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Name", "NamePool", "person_name"]

FIRST = (
    "青qing 云yun 锦jin 文wen 明ming 长chang 永yong 安an 瑞rui 清qing 玉yu 金jin 春chun 望wang 朝zhao 景jing 兰lan "
    "桂gui 松song 竹zhu 柳liu 梅mei 枫feng 石shi 龙long 凤feng 鹤he 星xing 霞xia 澄cheng 翠cui 丹dan 白bai 紫zi "
    "芳fang 汀ting 浣huan 棠tang 岚lan 溯su"
)
SECOND = (
    "江jiang 溪xi 湖hu 泉quan 桥qiao 渡du 湾wan 塘tang 洲zhou 岭ling 台tai 亭ting 阁ge 林lin 田tian 禾he 晖hui 华hua "
    "宁ning 康kang 和he 平ping 德de 昌chang 兴xing 泰tai 丰feng 源yuan 川chuan 峰feng 霖lin 屏ping 浦pu 汇hui 韵yun "
    "墅shu 岸an 坊fang 浒hu 畈fan"
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN = "明华建国秀英丽娟伟芳敏静强磊军洋勇艳杰涛超霞平刚桂兰玉春梅海燕雪荣志文慧欣怡晨宇浩然子涵思远嘉诚雨桐"


@dataclass(frozen=True)
class Name:
    """A proper name in Chinese characters and in pinyin (first letter capital)."""

    zh: str
    en: str

    def with_suffix(self, zh: str, en: str) -> Name:
        """Add the generic part: 路 Road, 社区 Community."""
        return Name(self.zh + zh, f"{self.en} {en}".strip())


def _syllables(text: str) -> list[tuple[str, str]]:
    return [(item[0], item[1:]) for item in text.split()]


class NamePool:
    """All pairs of a first and a second character in a random order; each is given once.

    A pool that runs dry begins again with 新 (new) before each name, so that even a city has names enough.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        first, second = _syllables(FIRST), _syllables(SECOND)
        pairs = [(a, b) for a in first for b in second if a[0] != b[0]]
        order = rng.permutation(len(pairs))
        self._names = [Name(pairs[k][0][0] + pairs[k][1][0], (pairs[k][0][1] + pairs[k][1][1]).title()) for k in order]
        self._next = 0

    def take(self) -> Name:
        """Give a name that nothing else has."""
        round_, k = divmod(self._next, len(self._names))
        self._next += 1
        name = self._names[k]
        return Name("新" * round_ + name.zh, "Xin " * round_ + name.en)


def person_name(rng: np.random.Generator) -> str:
    """Return a made-up personal name."""
    given = rng.choice(list(GIVEN), size=int(rng.choice([1, 2], p=[0.25, 0.75])))
    return str(rng.choice(list(SURNAMES))) + "".join(given)
