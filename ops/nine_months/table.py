"""The published table of the nine months, and the shares by which we fill what it leaves open.

Published: haberturk.com/samsun-haberleri/83789704 (2020). Everything called a weight is our own choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from shared.contracts import Channel
from simulators.offices import Course

FIRST_DAY: Final = date(2020, 1, 1)
LAST_DAY: Final = date(2020, 9, 30)
CONTACTS_BEFORE: Final = (150, 200)
CONTACTS_AFTER: Final = (325, 350)
# "In the pandemic almost 350": from the first case in Türkiye the calls rise, within two weeks.
RISE_FROM: Final = date(2020, 3, 11)
RISE_UNTIL: Final = date(2020, 3, 25)


class Group(StrEnum):
    """The groups of the published table, in the order in which the first match counts a case."""

    WHATSAPP = "whatsapp"
    INSTITUTIONS = "institutions"
    NEIGHBOURHOODS = "neighbourhoods"
    DEPARTMENTS = "departments"
    REST = "rest"


@dataclass(frozen=True)
class Share:
    """How many cases of a group take which course. The sums are published, the split of what is open is ours."""

    courses: Mapping[Course, int]

    @property
    def cases(self) -> int:
        return sum(self.courses.values())


# Open in all 745; of these 484 awaited (silent, accepted, in progress), 258 wait for the citizen, 3 stay in triage.
TABLE: Final[Mapping[Group, Share]] = {
    Group.WHATSAPP: Share(
        {
            Course.SOLVE: 2_964,
            Course.ANSWER: 886,
            Course.SILENT: 9,
            Course.ACCEPT: 27,
            Course.PROGRESS: 24,
            Course.ASK: 81,
        }
    ),
    Group.INSTITUTIONS: Share({Course.ACCEPT: 529, Course.ANSWER: 132}),
    Group.NEIGHBOURHOODS: Share(
        {
            Course.SOLVE: 3_059,
            Course.SILENT: 53,
            Course.ACCEPT: 158,
            Course.PROGRESS: 140,
            Course.ASK: 140,
        }
    ),
    Group.DEPARTMENTS: Share(
        {
            Course.SOLVE: 1_322,
            Course.SILENT: 11,
            Course.ACCEPT: 33,
            Course.PROGRESS: 29,
            Course.ASK: 37,
        }
    ),
    Group.REST: Share({Course.TRIAGE: 3}),
}
MUNICIPAL_POLICE: Final = "zabita"
MUNICIPAL_POLICE_CASES: Final = 1_120

OWNER_WEIGHTS: Final[Mapping[Group, Mapping[str, int]]] = {
    Group.WHATSAPP: {
        "temizlik-isleri": 180,
        "fen-isleri": 160,
        "zabita": 160,
        "park-bahceler": 130,
        "veteriner-isleri": 90,
        "iklim-sifir-atik": 40,
        "sosyal-destek": 30,
        "yapi-kontrol": 20,
        "plan-proje": 8,
        "imar-sehircilik": 8,
        "mali-hizmetler": 8,
        "ruhsat-denetim": 6,
        "kultur-sosyal-isler": 5,
        "bilgi-islem": 4,
        "insan-kaynaklari": 4,
        "genclik-spor": 3,
        "kadin-aile": 2,
        "saglik-isleri": 2,
        "afet-isleri": 2,
        "hukuk-isleri": 2,
        "destek-hizmetleri": 2,
        "muhtarlik-isleri": 1,
        "emlak-istimlak": 1,
        "yazi-isleri": 1,
        "saski": 70,
        "yedas": 60,
        "samsun-buyuksehir": 50,
        "samgaz": 8,
        "turk-telekom": 5,
        "karayollari-7-bolge": 4,
        "atakum-belediyesi": 3,
        "canik-belediyesi": 3,
    },
    Group.INSTITUTIONS: {
        "saski": 225,
        "samsun-buyuksehir": 170,
        "yedas": 150,
        "samgaz": 50,
        "turk-telekom": 25,
        "karayollari-7-bolge": 15,
        "atakum-belediyesi": 14,
        "canik-belediyesi": 9,
        "tekkekoy-belediyesi": 3,
    },
    Group.NEIGHBOURHOODS: {
        "temizlik-isleri": 220,
        "fen-isleri": 220,
        "park-bahceler": 180,
        "veteriner-isleri": 120,
        "zabita": 100,
        "iklim-sifir-atik": 50,
        "yapi-kontrol": 40,
        "imar-sehircilik": 20,
        "plan-proje": 20,
        "ruhsat-denetim": 10,
    },
    # Beside the Municipal Police.
    Group.DEPARTMENTS: {
        "sosyal-destek": 70,
        "mali-hizmetler": 50,
        "insan-kaynaklari": 30,
        "yazi-isleri": 25,
        "kultur-sosyal-isler": 20,
        "bilgi-islem": 15,
        "imar-sehircilik": 14,
        "ruhsat-denetim": 14,
        "genclik-spor": 10,
        "saglik-isleri": 10,
        "emlak-istimlak": 10,
        "kadin-aile": 8,
        "veteriner-isleri": 8,
        "iklim-sifir-atik": 8,
        "plan-proje": 6,
        "hukuk-isleri": 6,
        "afet-isleri": 6,
        "destek-hizmetleri": 6,
        "muhtarlik-isleri": 6,
    },
}

# The centre names phone, mail, WhatsApp and SMS; the others are few.
CHANNEL_WEIGHTS: Final[Mapping[Channel, int]] = {
    Channel.PHONE: 46,
    Channel.WEB: 14,
    Channel.EMAIL: 12,
    Channel.SMS: 10,
    Channel.FACE_TO_FACE: 5,
    Channel.MOBILE: 4,
    Channel.SOCIAL: 3,
    Channel.CIMER: 3,
    Channel.PETITION: 2,
    Channel.MUHTAR: 1,
}
# By the hour, from midnight: the line never closes, offices and desks do.
HOURS_ANY: Final = (6, 4, 2, 2, 2, 3, 7, 16, 34, 52, 60, 58, 52, 54, 56, 55, 54, 56, 58, 56, 52, 44, 30, 16)
HOURS_OFFICE: Final = (0, 0, 0, 0, 0, 0, 0, 2, 60, 90, 95, 85, 20, 80, 85, 75, 60, 4, 0, 0, 0, 0, 0, 0)
OFFICE_CHANNELS: Final = frozenset({Channel.FACE_TO_FACE, Channel.PETITION})
# From Monday to Sunday.
WEEKDAY_WEIGHTS: Final = (1.0, 0.8, 0.6, 0.6, 0.5, 0.2, 0.0)
