"""Complaints of our own making for the load: varied enough that no cache and no rule answers for all of them."""

import random
from typing import Final

_OPENINGS: Final = (
    "",
    "Merhaba, ",
    "İyi günler, ",
    "Selam, ",
    "Kolay gelsin, ",
    "Merhabalar sayın yetkili, ",
    "Bir şikayetim var: ",
    "Lütfen yardımcı olun, ",
)
_PLACES: Final = (
    "Kılıçdede Mahallesi",
    "Liman Mahallesi",
    "Bahçelievler mah.",
    "Adalet Mahallesi",
    "kadıköy mahallesi",
    "Hastane Mahallesi",
    "Ulugazi mah",
    "Cedit Mahallesi",
    "Fevzi Çakmak Mahallesi",
    "zeytinlik mahallesi",
    "Selahiye Mahallesi",
    "Kale Mahallesi",
)
_WHERE: Final = (
    "{place} {number}. sokakta",
    "{place}, okulun karşısında",
    "{place} pazar yerinin yanında",
    "{place} {number} numaralı binanın önünde",
    "{place} parkın girişinde",
    "{place} caminin arkasındaki yolda",
)
_TROUBLES: Final = (
    "çöp konteyneri {days} gündür boşaltılmadı, her yer çöp oldu",
    "kaldırım taşları sökülmüş, yürürken düşecektik",
    "yolda büyük bir çukur var, arabalar zarar görüyor",
    "sokak lambası {days} gündür yanmıyor, akşamları karanlık",
    "başıboş köpekler sürü halinde dolaşıyor, çocuklar korkuyor",
    "ağaç dalları pencerelere kadar uzadı, budanması gerekiyor",
    "parktaki salıncak kırılmış, çocuklar için tehlikeli",
    "işportacılar kaldırımı kapatmış, geçemiyoruz",
    "kafe gece yarısına kadar yüksek sesle müzik çalıyor",
    "inşaattan çıkan moloz {days} gündür yolda duruyor",
    "rögar kapağı açık kalmış, birisi düşebilir",
    "yağmur suyu mazgalı tıkalı, yol göle dönüyor",
    "haşere ve sivrisinek çok arttı, ilaçlama istiyoruz",
    "binamızın yanına ruhsatsız kat çıkılıyor",
    "manav tezgahını yola taşırmış, araçlar zor geçiyor",
    "boş arsada otlar insan boyunu geçti, temizlenmeli",
    "asfalt çalışması yarım bırakıldı, toz içindeyiz",
    "yaşlı annem için evde bakım desteği almak istiyorum",
    "park edilen araçlar yaya geçidini kapatıyor",
    "apartmandan balkona sürekli çöp ve su atılıyor",
)
_CLOSINGS: Final = (
    ".",
    ", ilgilenir misiniz?",
    ". Gereğini rica ederim.",
    ". Teşekkürler",
    ", {days} kez aradım sonuç alamadım.",
    ". Çocuklu aileyiz, acil bakılmasını bekliyoruz.",
    "!!",
)


def complaint(chance: random.Random) -> str:
    """One complaint, the same for the same state of `chance`."""
    where = chance.choice(_WHERE)
    parts = (chance.choice(_OPENINGS), where, " ", chance.choice(_TROUBLES), chance.choice(_CLOSINGS))
    return "".join(parts).format(
        place=chance.choice(_PLACES), number=chance.randint(1, 240), days=chance.randint(2, 15)
    )
