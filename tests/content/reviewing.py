"""A workflow of two steps on the site, and who takes part in it."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from wagtail.models import TaskState, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask

from content.models import CheckTask, Fragment, ReviewTask
from dxp import roles
from dxp.users.models import User


class Desk:
    """Elena writes; ivo and lea review; omar may enter and nothing else."""

    def __init__(self, root, *, check=True, days=3, guests=True):
        roles.seed()
        self.reviewers = Group.objects.create(name="Reviewers")
        enter = Group.objects.get(name="Editor").permissions.filter(codename="access_admin")
        self.reviewers.permissions.add(*enter)
        self.elena, self.as_elena = self._person("elena", Group.objects.get(name="Editor"))
        self.ivo, self.as_ivo = self._person("ivo", self.reviewers)
        self.lea, self.as_lea = self._person("lea", self.reviewers)
        only_enter = Group.objects.create(name="Guests of the house")
        only_enter.permissions.add(*enter)
        self.omar, self.as_omar = self._person("omar", only_enter)
        self.workflow = Workflow.objects.create(name="Check and review")
        self.review = ReviewTask.objects.create(name="Review", days=days, guests=guests)
        self.review.groups.add(self.reviewers)
        steps = [self.review]
        if check:
            self.check = CheckTask.objects.create(name="Check")
            steps.insert(0, self.check)
        for place, task in enumerate(steps):
            WorkflowTask.objects.create(workflow=self.workflow, task=task, sort_order=place)
        WorkflowPage.objects.create(workflow=self.workflow, page=root)
        WorkflowContentType.objects.create(
            workflow=self.workflow, content_type=ContentType.objects.get_for_model(Fragment)
        )

    @staticmethod
    def _person(name, group):
        user = User.objects.create_user(name, f"{name}@alder.example", "a long password")
        user.groups.add(group)
        client = Client()
        client.force_login(user)
        return user, client

    def hand_in(self, thing):
        """Save a draft as elena and start the workflow."""
        thing.save_revision(user=self.elena)
        self.workflow.start(thing, self.elena)
        return self.step(thing)

    @staticmethod
    def step(thing):
        """Return where it is in its workflow, or None."""
        found = TaskState.objects.for_instance(thing).order_by("-pk").first()
        return found.specific if found else None
