using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>An alert is told once when it begins, once when it ends, and again only where it gets worse or nobody takes it.</summary>
public sealed class AlertBookTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly AlertFinding Full = new("StorageFull", "disk", AlertSeverity.Warning, "85 % full", "make room");

    private int _ids;

    private AlertCircumstances At(int minutes, int escalate = 60) => new(Noon.AddMinutes(minutes), "host", ["a"], TimeSpan.FromMinutes(escalate), () => $"id{++_ids}");

    private static string Told(AlertBook book) => string.Join(", ", book.Queue.Select(q => $"{q.Message.Event} {q.Message.Severity}"));

    private static AlertBook Sent(AlertBook book) => book with { Queue = [] };

    [Fact]
    public void It_fires_once_and_is_resolved_once()
    {
        var book = new AlertBook().Update([Full], At(0));
        Assert.Equal("Fired Warning", Told(book));
        book = Sent(book).Update([Full with { Summary = "86 % full" }], At(5));
        Assert.Equal("", Told(book));
        Assert.Equal(("86 % full", Noon, Noon.AddMinutes(5)), (book.Alerts[0].Finding.Summary, book.Alerts[0].FirstTime, book.Alerts[0].LastTime));
        book = book.Update([], At(10));
        Assert.Equal("Resolved Warning", Told(book));
        book = Sent(book).Update([], At(15));
        Assert.Equal("", Told(book));
        // What comes again is another alert.
        book = book.Update([Full], At(20));
        Assert.Equal("Fired Warning", Told(book));
        Assert.Equal(2, book.Alerts.Select(a => a.Id).Distinct().Count());
    }

    [Fact]
    public void One_rule_over_two_places_are_two_alerts() =>
        Assert.Equal(2, new AlertBook().Update([Full, Full with { Subject = "remote" }], At(0)).Update([Full, Full with { Subject = "remote" }], At(1)).Alerts.Length);

    [Fact]
    public void What_gets_worse_is_told_again_acknowledged_or_not()
    {
        var book = new AlertBook().Update([Full], At(0));
        book = Sent(Sent(book).Acknowledge("id1", "ada", "on it", At(1)));
        book = book.Update([Full with { Severity = AlertSeverity.Critical }], At(2));
        Assert.Equal("Escalated Critical", Told(book));
        Assert.Equal("", book.Alerts[0].AcknowledgedBy);
        // Getting better is no news.
        Assert.Equal("", Told(Sent(book).Update([Full], At(3))));
    }

    [Fact]
    public void What_nobody_takes_escalates_each_time_after_twice_as_long_and_what_somebody_takes_does_not()
    {
        var book = Sent(new AlertBook().Update([Full], At(0)));
        var told = new List<string>();
        for (var minute = 1; minute <= 60 * 16; minute++)
        {
            book = book.Update([Full], At(minute));
            told.AddRange(book.Queue.Select(q => $"{minute}: {q.Message.Event} {q.Message.Severity}"));
            book = Sent(book);
        }
        Assert.Equal(["60: Escalated Critical", "180: Escalated Page", "420: Escalated Page", "900: Escalated Page"], told);
        Assert.Equal("", Told(Sent(book.Acknowledge("id1", "ada", "", At(961))).Update([Full], At(100_000))));
        Assert.Equal("", Told(Sent(new AlertBook().Update([Full], At(0, escalate: 0))).Update([Full], At(100_000, escalate: 0))));
    }

    [Fact]
    public void An_acknowledgement_is_told_and_kept()
    {
        var book = Sent(new AlertBook().Update([Full], At(0))).Acknowledge("id1", "ada", "on it", At(1));
        Assert.Equal("Acknowledged Warning", Told(book));
        Assert.Equal(("ada", "on it"), (book.Alerts[0].AcknowledgedBy, book.Alerts[0].Comment));
    }

    [Fact]
    public void What_cannot_be_told_is_kept_for_a_week_and_for_channels_that_there_are()
    {
        var book = new AlertBook().Update([Full], At(0));
        Assert.Single(book.Update([Full], At(60 * 24 * 7 - 1, escalate: 0)).Queue);
        Assert.Empty(book.Update([Full], At(60 * 24 * 7, escalate: 0)).Queue);
        Assert.Empty(book.Update([Full], At(1) with { Channels = ["b"] }).Queue);
    }

    [Fact]
    public void Old_alerts_are_forgotten_and_those_that_go_on_are_not()
    {
        var book = new AlertBook();
        for (var i = 0; i < 300; i++)
        {
            book = Sent(book.Update([Full with { Subject = $"{i}" }, Full], At(i)));
        }
        Assert.Equal(202, book.Alerts.Length);
        Assert.Equal(["disk", "299"], book.Alerts.Where(a => a.ResolvedTime is null).Select(a => a.Finding.Subject).Order(StringComparer.Ordinal).Reverse());
    }
}
