namespace StingBackup.Engine.Tests.Backup;

public sealed class BackupJobTests
{
    [Fact]
    public async Task A_second_run_with_nothing_changed_reads_nothing_and_stores_little()
    {
        await using var test = new TestInstallation();
        for (var i = 0; i < 300; i++)
        {
            test.Write($"users/{i % 7}/f{i}.txt", System.Security.Cryptography.RandomNumberGenerator.GetBytes(i * 700));
        }
        var first = await test.BackupAsync();
        Assert.Equal(JobState.Completed, first.State);
        Assert.Equal(300, first.ItemsRead);
        test.Clock.Advance(TimeSpan.FromHours(1));
        var second = await test.BackupAsync();
        Assert.Equal((first.Items, first.Length), (second.Items, second.Length));
        Assert.Equal((0L, 0L, 0L), (second.ItemsRead, second.BytesRead, second.BytesNew));
        Assert.InRange(second.BytesStored, 1, 4096);
        var full = await test.BackupAsync(BackupType.Full);
        Assert.Equal(300, full.ItemsRead);
        Assert.Equal(0, full.BytesNew);
    }

}
