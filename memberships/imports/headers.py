"""Which column of a file is which field: by English or Russian names in any case, or by a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from memberships.imports.unusable import UnusableFile

OWN = frozenset({"line", "errors", "", "п_п", "n", "no", "nr"})
"""Columns that say nothing of what a row is about, left out without a word: what a report of refused rows adds to
those of its file, and the number of the row (№).
"""

LAST_NAME_FIRST = frozenset({"fio", "фио", "ф_и_о", "фамилия_имя_отчество", "фамилия_имя"})
"""Headings of whole names that say in which order their words stand."""

_NAMES = {
    "external_id": "id number no member_id client_id membership_id contract contract_no card код номер ид внешний_код"
    " номер_клиента код_клиента id_клиента номер_договора договор номер_карты карта номер_абонемента",
    "last_name": "surname family_name lastname фамилия",
    "first_name": "name given_name firstname имя",
    "middle_name": "patronymic middlename отчество",
    "full_name": "fio client name fullname фио ф_и_о клиент член_клуба фамилия_имя_отчество фамилия_имя имя_фамилия",
    "phone": "telephone mobile cell phone_number tel телефон мобильный мобильный_телефон номер_телефона тел",
    "email": "e_mail mail электронная_почта почта эл_почта емейл имейл",
    "birthday": "date_of_birth birth_date dob born дата_рождения день_рождения др",
    "language": "lang язык",
    "timezone": "time_zone tz часовой_пояс",
    "source": "channel источник откуда_узнал",
    "referred_by": "referrer brought_by привел кто_привел пригласил рекомендовал",
    "consent_calls": "calls_allowed согласие_на_звонки звонки",
    "consent_sms": "sms_allowed согласие_на_sms согласие_на_смс смс sms",
    "consent_email": "email_allowed согласие_на_письма согласие_на_рассылку рассылка",
    "consent": "consent_calls calls_allowed согласие согласен согласна согласие_на_обработку согласие_на_звонки звонки",
    "do_not_call": "dnc do_not_ring не_звонить",
    "deceased_on": "deceased died умер дата_смерти",
    "notes": "note comment comments remark примечание примечания комментарий комментарии заметки",
    "code": "plan_code promotion_code код шифр",
    "name": "title название наименование",
    "term": "length duration срок длительность срок_действия",
    "price": "list_price cost цена стоимость",
    "freeze_days": "дней_заморозки заморозка_дней дни_заморозки",
    "freeze_min_days": "мин_заморозка минимальная_заморозка минимум_дней_заморозки",
    "freeze_max_count": "число_заморозок количество_заморозок",
    "zones": "areas зоны",
    "active": "for_sale on_sale активен в_продаже",
    "kind": "type вид тип",
    "value": "size значение размер",
    "audience": "for_whom аудитория для_кого",
    "starts_on": "start start_date starts begin begin_date from valid_from начало дата_начала с действует_с",
    "ends_on": "end end_date ends until valid_to valid_until expires окончание дата_окончания конец по действует_по"
    " действует_до",
    "plans": "планы абонементы тарифы",
    "segments": "сегменты",
    "stackable": "combinable суммируется складывается",
    "needs_code": "code_required нужен_код по_коду",
    "min_tenure_months": "стаж_месяцев мин_стаж",
    "early_days": "дней_до_окончания заранее_дней",
    "max_uses": "limit лимит максимум_применений",
    "phone_summary": "можно_сказать_по_телефону кратко",
    "details": "description описание подробности условия",
    "member": "member_id client client_id клиент код_клиента id_клиента номер_клиента член_клуба",
    "membership": "membership_id contract абонемент номер_абонемента договор номер_договора",
    "plan": "membership_type tariff product план тариф абонемент вид_абонемента тип_абонемента",
    "sold_on": "sale_date sold date_sold purchase_date продан дата_продажи дата_покупки",
    "price_paid": "paid amount_paid sum amount оплачено сумма оплата сумма_оплаты",
    "promotions": "promotion promo discounts акции акция скидки",
    "special_terms": "terms особые_условия условия",
    "balance_due": "due debt balance долг задолженность остаток к_доплате",
    "balance_due_on": "due_date срок_оплаты доплата_до оплатить_до",
    "cancelled_on": "canceled_on cancel_date cancelled отменен дата_отмены расторгнут дата_расторжения",
    "changed_from": "changed_membership сменен_с",
    "credit": "кредит зачтено",
    "cancel_reason": "причина_отмены причина_расторжения",
    "reason": "why причина",
    "at": "time datetime date_time visited_at timestamp когда время дата_и_время дата_время дата_посещения",
    "zone": "area place зона зал",
    "outcome": "result итог результат исход",
    "operator": "by user оператор сотрудник",
    "duration_s": "duration seconds длительность_с длительность секунд",
    "origin": "original_kind исходный_вид",
    "competitor": "конкурент",
    "attends": "attending ходит посещает",
    "absence_reason": "why_absent причина_отсутствия",
    "note": "comment примечание комментарий заметка",
}
_OWN_KEYS = frozenset({"external_id", "code"})
"""Asked last: a "member_id" is the row's own number only in a file of members."""
_ALIASES = {field: {field, *aliases.split()} for field, aliases in _NAMES.items()}


def folded(name: str) -> str:
    """A column's name without case, accents of ё, and signs between its words."""
    return re.sub(r"[\W_]+", "_", name.strip().casefold().replace("ё", "е")).strip("_")


def field_of(name: str, fields: Sequence[str], mapping: Mapping[str, str] | None = None) -> str | None:
    """The field that a column holds, of those that the kind of file has; None for none of them.

    A field's own name goes before another field's alias.
    """
    for column, field in (mapping or {}).items():
        if folded(column) == folded(name):
            return field or None
    plain = folded(name)
    if plain in fields:
        return plain
    return next(
        (field for field in sorted(fields, key=_OWN_KEYS.__contains__) if plain in _ALIASES.get(field, ())), None
    )


def columns(
    header: Sequence[str], fields: Sequence[str], required: Sequence[str], mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, int], list[str]]:
    """Where each field stands in a row, and the names of columns that are no field.

    Raises UnusableFile where a required field is missing, a field comes twice, or the mapping names what is not there.
    """
    _check_mapping(header, fields, mapping or {})
    left_out = OWN | {folded(name) for name, field in (mapping or {}).items() if not field}
    places: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(header):
        field = field_of(name, fields, mapping)
        if field is None:
            if name.strip() and folded(name) not in left_out:
                unknown.append(name.strip())
        elif field in places:
            raise UnusableFile(
                _("The columns “%(first)s” and “%(second)s” both hold %(field)s; name one of them otherwise.")
                % {"first": header[places[field]].strip(), "second": name.strip(), "field": field}
            )
        else:
            places[field] = place
    missing = [field for field in required if field not in places]
    if missing:
        raise UnusableFile(
            _("The file has no column %(missing)s. Its columns are: %(columns)s.")
            % {"missing": ", ".join(missing), "columns": ", ".join(name.strip()[:40] for name in header[:30])}
        )
    return places, unknown


def _check_mapping(header: Sequence[str], fields: Sequence[str], mapping: Mapping[str, str]) -> None:
    known = {folded(name) for name in header}
    for column, field in mapping.items():
        if field and field not in fields:
            raise UnusableFile(
                _("The mapping names %(field)s; the fields are: %(fields)s.")
                % {"field": field, "fields": ", ".join(fields)}
            )
        if folded(column) not in known:
            raise UnusableFile(
                _("The mapping names the column “%(column)s”, which is not in the file.") % {"column": column}
            )
