from django.urls import path

from feedback.views import answers, queue

app_name = "feedback"

urlpatterns = [
    path("queue/", queue.show_queue, name="queue"),
    path("queue/poll/", queue.poll, name="poll"),
    path("queue/<int:pk>/", queue.show_lead, name="lead"),
    path("queue/<int:pk>/accept/", answers.accept, name="accept"),
    path("queue/<int:pk>/reject/", answers.give_back, name="give_back"),
    path("queue/<int:pk>/touch/", answers.log_touch, name="touch"),
    path("queue/<int:pk>/qualify/", answers.qualify, name="qualify"),
    path("queue/<int:pk>/meeting/", answers.record_meeting, name="meeting"),
    path("queue/<int:pk>/deal/", answers.record_deal, name="deal"),
]
