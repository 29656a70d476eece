from django.urls import path

from schools.views import departments, majors, province, session, setup, staff, staff_list

console = [
    path("", session.home, name="home"),
    path("login/", session.login, name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("password/", session.password, name="password"),
    path("counts/", session.counts, name="counts"),
    path("setup/", setup.settings, name="school-settings"),
    path("setup/cohorts/", setup.cohorts, name="cohorts"),
    path("setup/cohorts/<int:pk>/", setup.cohort, name="cohort"),
    path("setup/departments/", departments.departments, name="departments"),
    path("setup/departments/<int:pk>/", departments.department, name="department"),
    path("setup/departments/<int:pk>/turn/", departments.turn_department, name="department-turn"),
    path(
        "setup/departments/<int:pk>/delete/",
        departments.delete_department,
        name="department-delete",
    ),
    path("setup/classes/<int:pk>/", departments.school_class, name="class"),
    path("setup/classes/<int:pk>/delete/", departments.delete_class, name="class-delete"),
    path("setup/majors/", majors.majors, name="majors"),
    path("setup/majors/<int:pk>/", majors.major, name="major"),
    path("setup/majors/<int:pk>/turn/", majors.turn_major, name="major-turn"),
    path("setup/staff/", staff_list.StaffList.as_view(), name="staff"),
    path("setup/staff/add/", staff.add, name="staff-add"),
    path("setup/staff/<int:pk>/", staff.member, name="staff-member"),
    path("setup/staff/<int:pk>/scope/", staff.scope, name="staff-scope"),
    path("setup/staff/<int:pk>/turn/", staff.turn, name="staff-turn"),
    path("setup/staff/<int:pk>/reset/", staff.reset, name="staff-reset"),
    path("province/schools/", province.schools, name="schools"),
    path("province/schools/add/", province.add, name="school-add"),
    path("province/schools/<int:pk>/", province.school, name="school"),
    path("province/schools/<int:pk>/turn/", province.turn_school, name="school-turn"),
    path(
        "province/schools/<int:pk>/admins/<int:staff_id>/turn/",
        province.turn_admin,
        name="school-admin-turn",
    ),
    path(
        "province/schools/<int:pk>/admins/<int:staff_id>/reset/",
        province.reset_admin,
        name="school-admin-reset",
    ),
]
