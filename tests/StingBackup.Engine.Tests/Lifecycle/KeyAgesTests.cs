using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Keys;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>How old keys are, and which of them should be renewed.</summary>
public sealed class KeyAgesTests : IDisposable
{
    private static readonly DateTimeOffset Made = new(2026, 1, 15, 2, 0, 0, TimeSpan.Zero);
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private DateTimeOffset In(int days) => _fixture.Clock.GetUtcNow().AddDays(days);

    [Fact]
    public async Task Of_the_kinds_that_are_renewed_each_key_is_due_so_many_days_after_it_was_made()
    {
        using var keys = await _fixture.CreateAsync();
        var all = await keys.ListAsync(null, default).Select(key => KeyAges.WithDueTime(key with { CreatedTime = Made, State = KeyState.Ready }, 365)).ToListAsync();
        KeyKind[] renewed = [KeyKind.KeyRole, KeyKind.KeyVault, KeyKind.EpochSecret, KeyKind.Subject, KeyKind.HostSigning];
        Assert.All(all, key => Assert.Equal(renewed.Contains(key.Kind) ? (DateTimeOffset?)Made.AddDays(365) : null, key.DueTime));
        Assert.Contains(all, key => key.DueTime is null);
        foreach (var kind in renewed)
        {
            var key = all[0] with { Kind = kind, DueTime = null };
            Assert.Equal((DateTimeOffset?)Made.AddDays(30), KeyAges.WithDueTime(key, 30).DueTime);
            Assert.Same(key, KeyAges.WithDueTime(key, 0));
            Assert.Null(KeyAges.WithDueTime(key with { CreatedTime = null }, 30).DueTime);
            Assert.Null(KeyAges.WithDueTime(key with { State = KeyState.Revoked }, 30).DueTime);
        }
    }

    [Fact]
    public async Task A_kind_that_is_as_old_as_it_may_be_is_told_with_what_to_do()
    {
        using var keys = await _fixture.CreateAsync();
        Assert.Empty(KeyAges.Overdue(keys, 365, In(364)));
        Assert.Empty(KeyAges.Overdue(keys, 0, In(400)));
        Assert.Empty(KeyAges.Overdue(null, 365, In(400)));
        var overdue = KeyAges.Overdue(keys, 365, In(1400));
        Assert.Contains("The key that wraps all others (KEK) is 1,400 days old, and keys.rotate_days is 365. Run Update-StingKey -Kind KeyEncryptionKey.", overdue);
        Assert.Equal([KeyRotationKind.KeyEncryptionKey, KeyRotationKind.Epoch, KeyRotationKind.Signing, KeyRotationKind.Writer, KeyRotationKind.Subject], KeyAges.Of(keys).Select(kind => kind.Kind));
    }

    [Fact]
    public async Task What_of_them_cannot_be_read_is_not_told_by_its_age()
    {
        using (await _fixture.CreateAsync())
        {
        }
        using (var keys = _fixture.Open())
        {
            _fixture.Options.KeyStoreReplicas.ToList().ForEach(replica => Directory.Delete(replica, recursive: true));
            Assert.DoesNotContain(KeyAges.Of(keys), kind => kind.Kind == KeyRotationKind.Epoch);
        }
        Directory.Delete(_fixture.Options.KeyDirectory, recursive: true);
        using var host = _fixture.Open();
        Assert.Empty(KeyAges.Of(host));
        Assert.Empty(KeyAges.Overdue(host, 365, In(400)));
    }

    [Fact]
    public async Task A_key_directory_without_a_host_has_no_age_of_a_writer()
    {
        (await _fixture.CreateAsync()).Dispose();
        Directory.Delete(HostKeys.FolderOf(_fixture.Options), recursive: true);
        using var keys = _fixture.Open();
        Assert.DoesNotContain(KeyAges.Of(keys), kind => kind.Kind == KeyRotationKind.Writer);
        Assert.Contains(KeyAges.Of(keys), kind => kind.Kind == KeyRotationKind.Subject);
    }

    [Fact]
    public async Task A_plan_is_due_once_its_keys_are_as_old_as_the_configuration_allows()
    {
        await using var test = new TestInstallation(clock: Made);
        var plan = new KeyRotationPlan { Kind = KeyRotationKind.Epoch, Records = 0, Claims = 0, Replicas = [], EpochPlaces = [], Changes = [], Stays = [], NeedsApproval = false, SinceTime = Made.AddDays(-90) };
        Assert.False(KeyAges.IsDue(test.Open(), plan));   // nothing says how old they may be
        test.Configuration = Configure(test, 90);
        Assert.True(KeyAges.IsDue(test.Open(), plan));
        Assert.True(KeyAges.IsDue(test.Open(), plan with { SinceTime = null }));   // and nothing how old they are
        Assert.False(KeyAges.IsDue(test.Open(), plan with { SinceTime = Made.AddDays(-90).AddSeconds(1) }));
        test.Configuration = Configure(test, 0);
        Assert.False(KeyAges.IsDue(test.Open(), plan));
    }

    private static StingConfiguration Configure(TestInstallation test, int days)
    {
        var file = Path.Combine(test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $"repository:\n  backup_root: {test.RepositoryRoot}\nreserve:\n  path: {test.ReserveRoot}\nstate_directory: {test.Root}/state\nkeys:\n  rotate_days: {days}\n");
        return new ConfigurationLoader(new HostView()).Load(file);
    }
}
