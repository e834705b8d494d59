from django.urls import path

from feedback.views import (
    answers,
    criteria_backtest,
    criteria_check,
    insights,
    merging,
    outcomes,
    pausing,
    queue,
    review,
    taking_back,
    timeline,
)
from feedback.views.criteria_publish import PUBLISHING
from leads.criteria_pages import CRITERIA
from leads.views import document_publish

app_name = "feedback"

urlpatterns = [
    path("queue/", queue.show_queue, name="queue"),
    path("queue/poll/", queue.poll, name="poll"),
    path("queue/<int:pk>/", queue.show_lead, name="lead"),
    path("queue/<int:pk>/accept/", answers.accept, name="accept"),
    path("queue/<int:pk>/reject/", answers.give_back, name="give_back"),
    path("queue/<int:pk>/touch/", answers.log_touch, name="touch"),
    path("queue/touches/<int:pk>/outcome/", outcomes.say_outcome, name="outcome"),
    path("queue/<int:pk>/qualify/", answers.qualify, name="qualify"),
    path("queue/<int:pk>/pause/", pausing.pause, name="pause"),
    path("queue/<int:pk>/rest/", pausing.rest, name="rest"),
    path("queue/<int:pk>/resume/", pausing.resume, name="resume"),
    path("queue/<int:pk>/undo-close/", taking_back.undo_close, name="undo_close"),
    path("queue/<int:pk>/meeting/", outcomes.record_meeting, name="meeting"),
    path("queue/<int:pk>/deal/", outcomes.record_deal, name="deal"),
    path("insights/", insights.insights, name="insights"),
    path("review/", review.review_list, name="review"),
    path("review/<int:pk>/fill/", review.fill_in, name="review_fill"),
    path("review/<int:pk>/assign/", review.assign, name="review_assign"),
    path("review/<int:pk>/route/", review.route_again, name="review_route"),
    path("review/<int:pk>/disqualify/", review.disqualify, name="review_disqualify"),
    path("review/inbox/", review.inbox, name="inbox"),
    path("review/inbox/<int:pk>/retry/", review.try_again, name="try_again"),
    path("leads/<int:pk>/same-person/", merging.same_person, name="same_person"),
    path("leads/<int:pk>/same-person/<int:other>/", merging.merge_leads, name="merge"),
    path("leads/<int:pk>/hand-over/", review.hand_over, name="hand_over"),
    path("criteria/<int:number>/check/", criteria_check.check, name="criteria_check"),
    path(
        "criteria/<int:number>/check/leads/",
        criteria_check.check_leads,
        name="criteria_check_leads",
    ),
    path("criteria/<int:number>/backtest/", criteria_backtest.backtest, name="criteria_backtest"),
    path(
        "criteria/<int:number>/backtest/progress/",
        criteria_backtest.progress,
        name="criteria_backtest_progress",
    ),
    path(
        "criteria/<int:number>/backtest/cancel/",
        criteria_backtest.cancel_backtest,
        name="criteria_backtest_cancel",
    ),
    path(
        "criteria/<int:number>/backtest/<str:which>/",
        criteria_backtest.backtest_leads,
        name="criteria_backtest_leads",
    ),
    path(
        "criteria/<int:number>/publish/",
        document_publish.publish,
        {"pages": CRITERIA, "publishing": PUBLISHING},
        name="criteria_publish",
    ),
    path("leads/<int:pk>/timeline/", timeline.show_timeline, name="timeline"),
]
