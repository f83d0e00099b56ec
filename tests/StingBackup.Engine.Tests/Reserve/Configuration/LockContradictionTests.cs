using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

/// <summary>The linter of object locks: each refusal names file, line, key and what to do.</summary>
public sealed class LockContradictionTests
{
    private const string File = "/etc/sting/sting-backup.yaml";
    private const string Head = "repository: {backup_root: /b}\nreserve: {path: /r}\n";

    private static IReadOnlyList<ConfigurationFinding> Findings(string yaml) => [.. new ConfigurationLoader(new FakeHost()).ExamineText(Head + yaml, File).Findings];

    [Theory]
    [InlineData("remote:\n  location: /mnt/far\n  object_lock: governance", "remote.object_lock", 5, "is a folder, /mnt/far, which locks nothing", "Name a bucket with Object Lock in remote.location")]
    [InlineData("archive:\n  location: /mnt/far\n  object_lock: compliance", "archive.object_lock", 5, "archive.object_lock is compliance, but archive.location is a folder", "or set archive.object_lock: none")]
    [InlineData("remote:\n  location: s3://far\n  object_lock: maybe", "remote.object_lock", 5, "'maybe' is not one of none, governance, compliance", "")]
    [InlineData("remote:\n  location: s3://far\n  object_lock: governance\n  object_lock_days: 15\nretention: {temp_files_days: 30}", "remote.object_lock_days", 6, "remote.object_lock_days (15) is longer than retention.physical_days (14): whole servers that were captured would outlive the promise of erasure", "Set remote.object_lock_days to 14 or less.")]
    [InlineData("remote:\n  location: s3://far\n  object_lock: governance\n  object_lock_days: 3", "remote.object_lock_days", 6, "is longer than retention.temp_files_days (2)", "Set remote.object_lock_days to 2 or less.")]
    [InlineData("remote:\n  location: s3://far\n  object_lock: governance\n  object_lock_days: 12\narchive: {location: 'glacier://cold', after_days: 5}\nretention: {temp_files_days: 30, remote_days: 10, local_days: 7}", "remote.object_lock_days", 6, "is longer than retention.remote_days (10): what the archive has taken over could not leave this tier", "to 10 or less")]
    public void A_contradiction_is_refused_with_file_line_key_and_remedy(string yaml, string key, int line, string problem, string remedy)
    {
        var error = Assert.Single(Findings(yaml), f => f.Severity == FindingSeverity.Error);
        Assert.Equal((key, line, File), (error.Key, error.Line, error.File));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    /// <summary>A first tier in a bucket takes the settings of its kind, and is not locked.</summary>
    [Fact]
    public void The_first_tier_is_not_locked()
    {
        var error = Assert.Single(new ConfigurationLoader(new FakeHost()).ExamineText("repository: {backup_root: 's3://near'}\nreserve: {path: /r}\nremote: {object_lock: governance}\n", File).Findings, f => f.Severity == FindingSeverity.Error);
        Assert.Equal("remote.object_lock", error.Key);
        Assert.Contains("the first tier is never locked", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bucket_that_locks_is_taken_and_its_lock_bound()
    {
        Assert.DoesNotContain(Findings("remote: {location: 's3://far', object_lock: compliance, object_lock_days: 1}\narchive: {location: 'glacier://cold', object_lock: governance}\n"), f => f.Severity == FindingSeverity.Error);
        var configuration = new ConfigurationLoader(new FakeHost()).ExamineText(Head + "remote: {location: 's3://far', object_lock: compliance, object_lock_days: 1}\narchive: {location: 'glacier://cold', object_lock: governance}\n", File).Configuration!;
        Assert.Equal((TierLockMode.Compliance, TimeSpan.FromDays(1)), (configuration.Remote.Lock!.Mode, configuration.Remote.Lock.AtLeast));
        Assert.Equal((TierLockMode.Governance, TimeSpan.FromDays(2)), (configuration.Archive.Lock!.Mode, configuration.Archive.Lock.AtLeast));
        Assert.Equal([Tier.Archive, Tier.Remote], StoreFactory.LocksOf(configuration).Keys.OrderByDescending(t => t));
    }

    [Fact]
    public void Packs_that_would_be_copied_to_the_coldest_class_are_told_of()
    {
        var warning = Assert.Single(Findings("archive:\n  location: glacier://cold\n  storage_class: GLACIER_IR\n  object_lock: governance\n"), f => f.Key == "archive.object_lock");
        Assert.Equal((FindingSeverity.Warning, 6), (warning.Severity, warning.Line));
        Assert.Contains("lifecycle rule", warning.Remedy, StringComparison.Ordinal);
    }
}
