namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>The short form of tests/soak/3-wal-commits.sh, with the same invariants.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class WalCommitTests
{
    [PostgresFact]
    public async Task No_acknowledged_commit_is_lost_when_receiver_and_database_are_killed()
    {
        var result = await WalCommitRun.RunAsync(commits: 300, kills: 3, seed: 1);
        Assert.Empty(result.Lost);
        Assert.Empty(result.Invented);
        Assert.True(result is { Acknowledged: >= 300, Kills: 3 }, result.ToString());
    }
}
