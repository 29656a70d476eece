"""Suspicion rules about the contacts of units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.screening.scope import OF_GRADUATE, Query, over_everybody, over_mine

# A number or address without what people write between its parts.
_PLAIN = "lower(regexp_replace({}, '[^0-9A-Za-z@._]', '', 'g'))"


def _plain(column: str) -> str:
    return _PLAIN.format(column)


def contact_shared(values: Mapping[str, Any]) -> Query:
    """One number or address stands under several unit codes, in all schools of the year."""
    sql = over_everybody(f"""
        contacts AS (
            SELECT DISTINCT e.graduate_id, e.cohort_id, e.unit_code, e.unit_name, {_plain("v.value")} AS contact
            FROM everybodys e
            CROSS JOIN LATERAL (VALUES (e.contact_phone), (e.contact_mobile), (e.contact_email)) v(value)
            WHERE e.unit_code <> '' AND v.value <> ''),
        shared AS (
            SELECT contact, count(DISTINCT unit_code) AS units, count(DISTINCT graduate_id) AS n,
                array_to_string((array_agg(DISTINCT unit_name))[1:6], '、') AS names
            FROM contacts WHERE length(contact) >= 5
            GROUP BY contact HAVING count(DISTINCT unit_code) >= %(units)s)
        SELECT DISTINCT c.graduate_id, {OF_GRADUATE}, c.contact AS matter, c.contact AS subject,
            concat('单位“', c.unit_name, '”的联系方式登记在', s.units, '个不同的单位代码之下，涉及',
                   s.n, '名毕业生。') AS sentence,
            jsonb_build_object('unit', c.unit_name, 'unit_code', c.unit_code, 'contact', c.contact,
                'unit_count', s.units, 'units', s.names, 'count', s.n) AS evidence
        FROM contacts c JOIN shared s USING (contact) WHERE c.cohort_id = ANY(%(cohorts)s)""")
    return sql, {}


def contact_self(values: Mapping[str, Any]) -> Query:
    """The unit's contact is the graduate's own, their family's, or a staff member's of the school."""
    sql = over_mine(f"""
        contacts AS (
            SELECT DISTINCT m.graduate_id, m.school_id, m.unit_name, {_plain("v.value")} AS contact,
                {_plain("m.mobile")} AS mobile, {_plain("m.home_phone")} AS home, {_plain("m.email")} AS email
            FROM mine m
            CROSS JOIN LATERAL (VALUES (m.contact_phone), (m.contact_mobile), (m.contact_email)) v(value)
            WHERE v.value <> ''),
        staff AS (
            SELECT s.school_id, u.id, u.label, u.mobile FROM accounts_user u
            JOIN schools_staffmember s ON s.user_id = u.id WHERE u.mobile <> ''),
        matched AS (
            SELECT c.*, s.id AS staff_id, s.label AS staff_label,
                CASE WHEN c.contact IN (c.mobile, nullif(c.email, '')) THEN '毕业生本人'
                     WHEN c.contact = nullif(c.home, '') THEN '毕业生家庭'
                     ELSE '本校工作人员' END AS whose
            FROM contacts c LEFT JOIN staff s ON s.school_id = c.school_id AND s.mobile = c.contact
            WHERE length(c.contact) >= 5 AND (c.contact IN (c.mobile, nullif(c.email, ''), nullif(c.home, ''))
               OR s.id IS NOT NULL))
        SELECT DISTINCT ON (graduate_id, contact) graduate_id, {OF_GRADUATE}, contact AS matter,
            contact AS subject,
            concat('单位“', unit_name, '”的联系方式与', whose, '的相同。') AS sentence,
            jsonb_strip_nulls(jsonb_build_object('unit', unit_name, 'contact', contact, 'whose', whose,
                'staff', staff_label,
                'staff_ids', CASE WHEN staff_id IS NOT NULL THEN jsonb_build_array(staff_id) END)) AS evidence
        FROM matched ORDER BY graduate_id, contact, staff_id""")
    return sql, {}


def confirm_device(values: Mapping[str, Any]) -> Query:
    """Several graduates confirmed from one network address: by a code to their mobile, or all that is
    registered of them at last. When an origin record alone is confirmed, no address is kept."""
    campus = str(values.get("campus", "")).split()
    sql = over_mine(f"""
        addresses AS MATERIALIZED (
            SELECT m.graduate_id, c.address FROM mine m
            JOIN accounts_onetimecode c ON c.phone = m.mobile
            WHERE c.proved_at IS NOT NULL AND c.purpose = ANY(%(purposes)s)
            UNION
            SELECT m.graduate_id, f.address FROM mine m
            JOIN destinations_finalconfirmation f ON f.graduate_id = m.graduate_id),
        codes AS (
            SELECT graduate_id, address FROM addresses a
            WHERE CASE WHEN pg_input_is_valid(a.address, 'inet') THEN NOT EXISTS (
                SELECT 1 FROM unnest(%(campus)s::cidr[]) r WHERE a.address::inet <<= r) END),
        many AS (
            SELECT address, count(*) AS n FROM codes GROUP BY address HAVING count(*) >= %(least)s)
        SELECT c.graduate_id, {OF_GRADUATE}, c.address AS matter, c.address AS subject,
            concat('同一个网络地址为', m.n, '名毕业生确认过信息。') AS sentence,
            jsonb_build_object('address', c.address, 'count', m.n) AS evidence
        FROM codes c JOIN many m USING (address)""")
    return sql, {"campus": campus, "purposes": list(CONFIRMING)}


# The purposes of one-time codes with which graduates confirm (esign).
CONFIRMING = ("accept", "amend", "terminate")
