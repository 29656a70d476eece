"""What e-signing adds to the shared frame: permissions, menus, tabs, tasks, machines and jobs."""

from celery.schedules import crontab

from core import bodies
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, ReminderTopic, Tab
from esign import (
    agreement_steps,
    amendment_steps,
    conclusion_steps,
    demo,
    steps,
    termination_steps,
    ticket_steps,
)
from esign.actions.documents import DOCUMENTS
from esign.actions.imports import INVITATION_IMPORTS
from esign.invariants import INVARIANTS
from esign.queries import conclusions_to_decide, invited, terminations_to_review
from schools.roles import ADMINS, ALL_LEVELS, SCHOOL, SCHOOL_STAFF

CONTRIBUTIONS = Contributions(
    body_limits={
        "verify": bodies.SMALL_FILE, "employer-workbooks": bodies.SMALL_FILE,
        "invite-step": bodies.PICTURES, "invite-upload": bodies.PICTURE,
        "invitation-accept": bodies.PICTURE, "own-signature": bodies.PICTURE,
        "amendment-confirm": bodies.PICTURE, "employer-terminate": bodies.PICTURES,
        "employer-conclude": bodies.PICTURES, "console:agreement-conclude": bodies.PICTURES,
        "agreement-terminate": bodies.PICTURES, "agreement-termination": bodies.PICTURES,
    },
    permissions={
        "esign.view": ALL_LEVELS,
        "esign.review": SCHOOL_STAFF,
        "esign.conclude": ADMINS,
        "esign.print": SCHOOL_STAFF,
        "esign.set_up": SCHOOL,
    },
    reminder_topics=(
        ReminderTopic(key="invitation", label="答复签约邀约", lists=("origins", "destinations"),
                      title="您有签约邀约等待答复", text="有用人单位向您发出签约邀约，请登录平台阅读后接受或谢绝，逾期自动失效。",
                      link="invitations", open_for=invited),
    ),
    console_menu=(
        MenuItem("网络签约", "待审核解约", "console:termination-queue", "scissors", "esign.review", 10,
                 terminations_to_review, home_order=80),
        MenuItem("网络签约", "待确认劳动合同", "console:conclusion-queue", "briefcase", "esign.conclude", 15,
                 conclusions_to_decide),
        MenuItem("网络签约", "网络签约管理", "console:agreements", "file-earmark-text", "esign.view", 20),
        MenuItem("网络签约", "协议书打印管理", "console:prints", "printer", "esign.print", 30),
        MenuItem("网络签约", "解约管理", "console:terminations", "file-earmark-x", "esign.view", 40),
        MenuItem("网络签约", "转为劳动合同", "console:conclusions", "file-earmark-check", "esign.view", 45),
        MenuItem("网络签约", "签约设置", "console:signing-rules", "sliders", "esign.set_up", 50),
        MenuItem("省级管理", "协议书文件", "console:documents", "file-earmark-lock", "province.schools",
                 60),
    ),
    employer_tabs=(
        Tab("invitations", "邀约", "employer-invitations", "envelope-paper", 20),
        Tab("agreements", "协议", "employer-agreements", "file-earmark-text", 30),
    ),
    periodic_tasks=(
        PeriodicTask("sweep-invitation-imports", "esign.tasks.sweep_imports", 60.0),
        PeriodicTask("sweep-documents", "esign.tasks.sweep_documents", 60.0),
        PeriodicTask("expire-invitations", "esign.tasks.expire_invitations", 300.0),
        PeriodicTask("forward-consents", "esign.tasks.forward_consents", 60.0),
        PeriodicTask("tell-schools-of-silence", "esign.tasks.tell_schools_of_silence", 300.0),
        # Nobody is reminded at night.
        PeriodicTask("remind-ending", "esign.tasks.remind_ending", crontab(hour="9-19", minute="10")),
        PeriodicTask("tell-old-numbers", "esign.tasks.tell_old_numbers", 60.0),
        PeriodicTask("sweep-tickets", "esign.tasks.sweep_tickets", 3600.0),
    ),
    machines=(
        (steps.INVITATION, steps.ROLE_LABELS),
        (termination_steps.TERMINATION, termination_steps.ROLE_LABELS),
        (agreement_steps.AGREEMENT, agreement_steps.ROLE_LABELS),
        (conclusion_steps.CONCLUSION, conclusion_steps.ROLE_LABELS),
        (amendment_steps.AMENDMENT, amendment_steps.ROLE_LABELS),
        (ticket_steps.TICKET, ticket_steps.ROLE_LABELS),
    ),
    jobs=(DOCUMENTS, INVITATION_IMPORTS),
    invariants=INVARIANTS,
    demo=Demo(fill=demo.fill_signatures),
)  # fmt: skip
