using System.Security.Cryptography;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Reserve;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>HIPAA's six years, by a turned clock. For most of them the archive is all that is left of what a restore point holds.</summary>
public sealed class SixYearsTests
{
    private const string File = "/etc/sting/sting-backup.yaml";
    private const int Days = 2192;

    private static RetentionSettings Hipaa { get; } = new ConfigurationLoader(new FakeHost().WithFile(File,
        "repository: {backup_root: /b}\nreserve: {path: /r}\narchive: {location: /a}\nretention: {profiles: [HIPAA], archive_days: 2192, embeddings_days: 2192, audit_logs_days: 2192}")).Load(File).Retention;

    [Fact]
    public async Task On_the_last_day_of_six_years_a_restore_point_opens_from_the_archive_alone_and_on_the_next_it_goes()
    {
        await using var reserve = new ArchivedReserve { Retention = Hipaa };
        reserve.Test.Write("users/1/chart.txt", RandomNumberGenerator.GetBytes(200_000));
        var first = (await reserve.Test.BackupAsync()).BackupId!;
        var written = ArchivedReserve.Content(reserve.Test.ReserveRoot);
        reserve.Advance(30);
        await reserve.ArchiveAsync();
        reserve.LoseLocalData();
        reserve.Test.Write("users/1/chart.txt", RandomNumberGenerator.GetBytes(200_000));
        await reserve.Test.BackupAsync();

        reserve.Advance(Days - 31);
        Assert.DoesNotContain(DataClass.UserFiles, await RetainAsync(reserve));
        Assert.Equal(written, await ArchivedReserve.RestoreAsync(reserve.Open(reserve.Archive), Path.Combine(reserve.Test.Root, "then"), first));

        reserve.Advance(1);
        Assert.Contains(DataClass.UserFiles, await RetainAsync(reserve));
        var gone = await Assert.ThrowsAsync<StingException>(() => ArchivedReserve.RestoreAsync(reserve.Open(), Path.Combine(reserve.Test.Root, "after"), first));
        Assert.Equal("BackupNotFound", gone.ErrorId);
    }

    /// <summary>Lets go what is over; returns of which classes that was.</summary>
    private static async Task<IReadOnlyList<DataClass>> RetainAsync(ArchivedReserve reserve)
    {
        var installation = reserve.Open();
        var plan = await RetentionJob.PlanAsync(installation, null, default);
        await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, plan, default));
        return [.. plan.Going.Select(entry => entry.DataClass)];
    }
}
