using System.Text.Json.Nodes;
using StingBackup.Engine.Tests.Operations.Alerts;

namespace StingBackup.Engine.Tests.Operations.Daemon;

/// <summary>What a daemon tells people: the right alerts, each once.</summary>
public sealed class DaemonAlertTests
{
    /// <summary>tests/soak/6-daemon.sh goes on for a whole day, in which nothing more may be told.</summary>
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("STING_SOAK") == "1";

    private static readonly DateTimeOffset Start = new(2026, 5, 4, 19, 1, 0, TimeSpan.Zero);

    [Fact]
    public async Task Failures_page_once_and_are_resolved_once_and_a_repository_that_is_gone_pages_too()
    {
        using var web = new WebReceiver();
        using var site = new DaemonSite(Start, "UTC", $"alerts: webhook: {web.Address}/hook", "timers: verify: never", "timers: cleanup: never", "timers: drill: never") { Lanes = 2 };
        var backups = Path.Combine(site.Root, "backups");
        site.At = now =>
        {
            Away(site.Reserve, now >= Start.AddMinutes(28) && now < Start.AddMinutes(65));
            Away(backups, now >= Start.AddMinutes(120) && now < Start.AddMinutes(131));
            web.Status = now >= Start.AddMinutes(30) && now < Start.AddMinutes(45) ? 503 : 200;   // when it is needed it does not answer
        };
        var runs = await site.RunAsync(Start.AddHours(IsSoak ? 24 : 3));
        Assert.Contains(runs, r => r.State == JobState.Failed);
        var told = web.Taken.Select(t => Told(t.Body)).Where(text => !text.Contains("StorageFull", StringComparison.Ordinal)).ToList();
        if (IsSoak)
        {
            // By the twentieth run too many of them had failed, which is told as well, once; and again, a step more severe, while nobody says that he knows.
            Assert.Equal(["BackupFailed", "BackupsUnreadable", "SuccessRateLow"], told.Where(text => text.StartsWith("fired ", StringComparison.Ordinal)).Select(text => text.Split(' ')[1]).Order(StringComparer.Ordinal));
            Assert.Equal(["BackupFailed", "BackupsUnreadable"], told.Where(text => text.StartsWith("resolved ", StringComparison.Ordinal)).Select(text => text.Split(' ')[1]).Where(rule => rule != "SuccessRateLow").Order(StringComparer.Ordinal));
            Assert.All(told.Where(text => text.StartsWith("escalated ", StringComparison.Ordinal)), text => Assert.Contains("SuccessRateLow", text, StringComparison.Ordinal));
            return;
        }
        Assert.Equal(["fired BackupFailed page", "resolved BackupFailed page", "fired BackupsUnreadable page", "resolved BackupsUnreadable page"], told);
    }

    private static string Told(JsonNode message) => $"{message["event"]} {message["rule"]} {message["severity"]}";

    private static void Away(string folder, bool isAway)
    {
        if (isAway == Directory.Exists(folder))
        {
            Directory.Move(isAway ? folder : folder + ".away", isAway ? folder + ".away" : folder);
        }
    }
}
