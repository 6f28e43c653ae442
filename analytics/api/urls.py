"""Addresses of this floor's API, below `/api/v1/`."""

from django.urls import path

from analytics.api.questions import AnswersView, AnswerView, QuestionsView, QuestionView

ONE = "questions/<int:question>/"

urlpatterns = [
    path("questions/", QuestionsView.as_view(), name="api_questions"),
    path(ONE, QuestionView.as_view(), name="api_question"),
    path(f"{ONE}answer/", AnswerView.as_view(), name="api_answer"),
    path("answers/", AnswersView.as_view(), name="api_answers"),
]
