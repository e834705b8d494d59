"""Many operations of a migration as one: see leads/at_once.py."""

from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from leads.at_once import AtOnce


def created(name, **fields):
    return migrations.CreateModel(
        name, [("id", models.BigAutoField(primary_key=True)), *fields.items()]
    )


def columns(name):
    with connection.cursor() as cursor:
        if name not in connection.introspection.table_names(cursor):
            return None
        return {c.name for c in connection.introspection.get_table_description(cursor, name)}


def test_models_are_made_at_once_in_any_order_and_taken_back(db):
    before = ProjectState()
    before.apps  # noqa: B018  # built, as while migrating
    book = created("Book", author=models.ForeignKey("shelf.Author", models.PROTECT))
    both = migrations.Migration("0001", "shelf")
    both.operations = [AtOnce([book, created("Author")])]
    with connection.schema_editor() as editor:
        after = both.apply(before.clone(), editor)
    assert columns("shelf_book") == {"id", "author_id"} and columns("shelf_author") == {"id"}
    assert after.apps.get_model("shelf", "Book")._meta.get_field("author").related_model
    with connection.schema_editor() as editor:
        both.unapply(before, editor)
    assert columns("shelf_book") is None and columns("shelf_author") is None


def test_one_operation_without_a_way_back_holds_back_all():
    assert AtOnce([migrations.RunSQL("", "")]).reversible
    assert not AtOnce([migrations.RunSQL("", ""), migrations.RunSQL("")]).reversible
