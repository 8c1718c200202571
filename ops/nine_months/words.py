"""How a matter is written on each channel: short and careless, noted down by an operator, or at length."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ops.nine_months.phrases import say
from ops.nine_months.places import Where
from shared.contracts import Channel

Style = Callable[[Sequence[str], Where, str, random.Random], str]

_HELLO_SHORT: Final = (
    *("", "", "", "", "", "Merhaba, ", "Selam, ", "İyi günler, ", "Merhabalar, ", "iyi akşamlar, ", "Kolay gelsin, "),
    *("Sa. ", "Slm ", "Hayırlı sabahlar, ", "Hayırlı günler, ", "Abi ", "Yetkili arkadaşlar, "),
)
_BYE_SHORT: Final = (
    *("", "", "", "", "", " lütfen", " ilgilenin lütfen", " teşekkürler", " Teşekkür ederim.", " tşk", " sağolun"),
    *(" yardımcı olur musunuz", " bi bakın", " rica ediyorum", " yeter artık", " cevap bekliyorum", " 🙏", " !!!"),
)
_MORE: Final = (
    "Daha önce {times} [aradım|yazdım|bildirdim], [dönüş olmadı|sonuç alamadım|değişen bir şey yok].",
    "[Fotoğrafını da çektim|Fotoğrafı var], isterseniz gönderirim.",
    "[Küçük çocuğum|Yaşlı annem|Hastam] var, [mağduruz|zor durumdayız].",
    "Komşularla birlikte [imza topladık|aynı şeyi yaşıyoruz].",
    "[Kime sorsak|Kimi arasak] başkasına yönlendiriyor.",
    "Bu durum {since} [sürüyor|devam ediyor].",
    "[Bir an önce|En kısa sürede] [çözülmesini|bakılmasını] bekliyoruz.",
    "[Geçen yıl da|Daha önce de] aynısı olmuştu.",
)
_HELLO_LONG: Final = (
    *("Sayın yetkili,", "Merhaba,", "İyi günler,", "İlgili birimin dikkatine,", "Sayın Belediye Yetkilileri,"),
    *("Merhabalar,", "Saygıdeğer yetkililer,"),
)
_BYE_LONG: Final = (
    *(
        "Gereğinin yapılmasını arz ederim.",
        "İlginiz için teşekkür ederim.",
        "Bilgilerinize sunar, gereğini rica ederim.",
    ),
    *(
        "Yardımlarınızı bekliyoruz, saygılar.",
        "Konuyla ilgilenmenizi rica ederim.",
        "Şimdiden teşekkürler, iyi çalışmalar.",
    ),
    *("Tarafıma bilgi verilmesini rica ederim.", "Kolay gelsin, iyi çalışmalar dilerim."),
)
_NOTED: Final = (
    *("", "", "Vatandaş arayarak bildirdi: ", "Arayan kişi: ", "Vatandaşın talebi: ", "Şikâyet konusu: ", "Bildirim: "),
    *("Hattan iletilen: ", "Not: ", "Vatandaş iletti: "),
)
_NOTED_AFTER: Final = (
    *("", "", "", " Dönüş bekliyor.", " Bilgi verilmesini istiyor.", " İkinci kez arıyor.", " Geri aranmak istiyor."),
    *(" Kayıt altına alındı.", " Ekip bekliyor."),
)
# A sentence that follows a place goes on in lower case, unless it begins with a name.
_PROPER: Final = ("Samsun", "Batı", "Ramazan", "Telekom", "T.C", "{district}")
_WITHOUT_TURKISH: Final = str.maketrans("çğıöşüÇĞİÖŞÜâî", "cgiosuCGIOSUai")
_LOWER: Final = str.maketrans("Iİ", "ıi")
_UPPER: Final = str.maketrans("ıi", "Iİ")
TYPO_LETTERS_MIN: Final = 6


def write(channel: Channel, sentences: Sequence[str], where: Where, name: str, chance: random.Random) -> str:
    """What stands in the contact: these sentences, told in the manner of the channel."""
    return _STYLES[channel](sentences, where, name, chance)


def _short(sentences: Sequence[str], where: Where, _: str, chance: random.Random) -> str:
    said = _told(sentences[0], where, chance, _mistyped if chance.random() < 0.3 else _as_said)
    if chance.random() < 0.2:
        said = f"{said} {say(chance.choice(_MORE), chance)}"
    text = f"{chance.choice(_HELLO_SHORT)}{said}{chance.choice(_BYE_SHORT)}"
    return _careless(text, chance)


def _noted(sentences: Sequence[str], where: Where, _: str, chance: random.Random) -> str:
    said = _told(sentences[0], where, chance, _as_said)
    more = f" {say(chance.choice(_MORE), chance)}" if chance.random() < 0.15 else ""
    return f"{chance.choice(_NOTED)}{said}{more}{chance.choice(_NOTED_AFTER)}"


def _form(sentences: Sequence[str], where: Where, _: str, chance: random.Random) -> str:
    said = " ".join((_told(sentences[0], where, chance, _as_said), *sentences[1:]))
    more = f" {say(chance.choice(_MORE), chance)}" if chance.random() < 0.5 else ""
    text = f"{said}{more}"
    return text.translate(_WITHOUT_TURKISH) if chance.random() < 0.15 else text


def _letter(sentences: Sequence[str], where: Where, name: str, chance: random.Random) -> str:
    lines = [chance.choice(_HELLO_LONG), ""]
    if where.address:
        lines.append(chance.choice(_ADDRESSES).format(address=where.address))
    lines.append(" ".join(sentences))
    lines += [say(pattern, chance) for pattern in chance.sample(_MORE, chance.randrange(3))]
    lines += [chance.choice(_BYE_LONG), "", name]
    text = "\n".join(lines)
    return text.translate(_WITHOUT_TURKISH) if chance.random() < 0.1 else text


_ADDRESSES: Final = (
    "{address} adresinde oturuyorum.",
    "Adres: {address}.",
    "{address} sakinleri olarak yazıyoruz.",
    "Konu olan yer: {address}.",
    "Size {address} adresinden yazıyorum.",
)
_STYLES: Final[Mapping[Channel, Style]] = {
    Channel.WHATSAPP: _short,
    Channel.SMS: _short,
    Channel.SOCIAL: _short,
    Channel.PHONE: _noted,
    Channel.FACE_TO_FACE: _noted,
    Channel.MUHTAR: _noted,
    Channel.WEB: _form,
    Channel.MOBILE: _form,
    Channel.EMAIL: _letter,
    Channel.PETITION: _letter,
    Channel.CIMER: _letter,
}


def _told(sentence: str, where: Where, chance: random.Random, typed: Callable[[str, random.Random], str]) -> str:
    """The sentence with its place before or behind it. The place is never mistyped: it says whose streets it is."""
    sentence = typed(sentence, chance)
    if not where.at:
        return sentence
    if chance.random() < 0.7:
        return f"{where.at} {_going_on(sentence)}"
    return f"{sentence} {chance.choice(('Adres: ', 'Adres ', 'Yer: ', '', 'Burası '))}{where.address}"


def _going_on(sentence: str) -> str:
    return sentence if sentence.startswith(_PROPER) else _lower(sentence[0]) + sentence[1:]


def _as_said(sentence: str, _: random.Random) -> str:
    return sentence


def _mistyped(sentence: str, chance: random.Random) -> str:
    """One long word with two letters swapped, one lost or one doubled; its beginning stays."""
    typed = sentence.split(" ")
    long = [at for at, word in enumerate(typed) if len(word) >= TYPO_LETTERS_MIN and word.isalpha()]
    if not long:
        return sentence
    at = chance.choice(long)
    word, place = typed[at], chance.randrange(3, len(typed[at]) - 1)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    typed[at] = chance.choice((swapped, word[:place] + word[place + 1 :], word[:place] + word[place - 1 :]))
    return " ".join(typed)


def _careless(text: str, chance: random.Random) -> str:
    draw = chance.random()
    if draw < 0.02:
        return text.translate(_UPPER).upper()
    if draw < 0.5:
        text = _lower(text)
    if chance.random() < 0.4:
        text = text.translate(_WITHOUT_TURKISH)
    if chance.random() < 0.4:
        text = text.replace(",", "").removesuffix(".")
    return text


def _lower(text: str) -> str:
    return text.translate(_LOWER).lower()
