using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

public sealed class KeyPlacesTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Places_apart_pass_without_a_warning() => Assert.Empty(KeyPlaces.Check(_fixture.Options));

    [Fact]
    public void Keys_in_a_source_are_refused_whichever_they_are()
    {
        KeyOptions[] all =
        [
            _fixture.Options with { KeyDirectory = Under("reserve/keys") },
            _fixture.Options with { KeyStoreReplicas = [_fixture.Options.KeyStoreReplicas[0], Under("reserve")] },
            _fixture.Options with { EpochPlaces = [_fixture.Options.EpochPlaces[0], Under("reserve/a/b/c")] },
            _fixture.Options with { HostStateDirectory = Under("reserve") },
        ];
        foreach (var options in all)
        {
            var error = Assert.Throws<StingException>(() => KeyPlaces.Check(options with { Sources = [Under("reserve")], AllowUnderBackupRoot = true }));
            Assert.Equal("KeysInSource", error.ErrorId);
            Assert.Equal(FailureKind.InvalidConfiguration, error.Kind);
            Assert.Contains(error.Target!, error.Message, StringComparison.Ordinal);
        }
        Assert.Empty(KeyPlaces.Check(_fixture.Options with { KeyDirectory = Under("reserve-keys"), Sources = [Under("reserve")] }));
    }

    [Fact]
    public void A_symbolic_link_does_not_hide_where_keys_lie()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        Directory.CreateDirectory(Under("reserve/inside"));
        Directory.CreateSymbolicLink(Under("link"), Under("reserve/inside"));
        Directory.CreateSymbolicLink(Under("link-to-link"), Under("link"));
        foreach (var path in new[] { "link", "link/keys", "link-to-link/a/b" })
        {
            Assert.Equal("KeysInSource", Assert.Throws<StingException>(
                () => KeyPlaces.Check(_fixture.Options with { KeyDirectory = Under(path), Sources = [Under("reserve")] })).ErrorId);
        }
        Directory.CreateSymbolicLink(Under("loop"), Under("loop"));
        KeyPlaces.Check(_fixture.Options with { KeyDirectory = Under("loop/keys"), Sources = [Under("reserve")] });
    }

    [Fact]
    public async Task Keys_under_the_backup_root_need_consent_and_leave_a_warning()
    {
        var options = _fixture.Options with { BackupRoot = _fixture.Folder };
        Assert.Equal("KeysUnderBackupRoot", Assert.Throws<StingException>(() => KeyPlaces.Check(options)).ErrorId);
        Assert.Equal("KeysUnderBackupRoot", Assert.Throws<StingException>(() => ReserveKeys.Plan(options, KeyFixture.Creation())).ErrorId);

        var allowed = options with { AllowUnderBackupRoot = true };
        var plan = ReserveKeys.Plan(allowed, KeyFixture.Creation());
        Assert.Equal(6, plan.Warnings.Count(warning => warning.Contains("under the backup root", StringComparison.Ordinal)));
        using var keys = await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default);
        Assert.Equal(6, keys.Warnings.Count);
        Assert.Equal("KeysUnderBackupRoot", Assert.Throws<StingException>(() => ReserveKeys.OpenIn(_fixture.Environment, options, null)).ErrorId);
    }

    [Fact]
    public void Replicas_and_epoch_places_are_two_or_three_and_apart()
    {
        var replicas = _fixture.Options.KeyStoreReplicas;
        KeyOptions[] wrong =
        [
            _fixture.Options with { KeyStoreReplicas = [] },
            _fixture.Options with { KeyStoreReplicas = [replicas[0]] },
            _fixture.Options with { KeyStoreReplicas = [Under("1"), Under("2"), Under("3"), Under("4")] },
            _fixture.Options with { EpochPlaces = [Under("1")] },
            _fixture.Options with { EpochPlaces = [replicas[0], Under("1")] },
            _fixture.Options with { EpochPlaces = [Path.Combine(replicas[1], "epoch"), Under("1")] },
            _fixture.Options with { KeyStoreReplicas = [Under("1"), Under("1/")] },
            _fixture.Options with { KeyDirectory = "relative/keys" },
        ];
        Assert.All(wrong, options => Assert.Equal("KeyPlacesInvalid", Assert.Throws<StingException>(() => KeyPlaces.Check(options)).ErrorId));
        Assert.Empty(KeyPlaces.Check(_fixture.Options with { KeyStoreReplicas = [Under("1"), Under("2"), Under("3")] }));
    }

    [Fact]
    public void A_configuration_that_names_few_places_gets_the_rest_in_the_key_directory()
    {
        var few = KeyOptions.Of("/keys", "/state", [], []);
        Assert.Equal(["/keys/store", "/keys/store-2"], few.KeyStoreReplicas.Select(Slashes));
        Assert.Equal(["/keys/epoch", "/keys/epoch-2"], few.EpochPlaces.Select(Slashes));
        var some = KeyOptions.Of("/keys", "/state", ["/mnt/a"], ["/mnt/b"]);
        Assert.Equal(["/keys/store", "/mnt/a"], some.KeyStoreReplicas.Select(Slashes));
        Assert.Equal(["/mnt/b", "/keys/epoch"], some.EpochPlaces.Select(Slashes));
        var many = KeyOptions.Of("/keys", "/state", ["/mnt/a", "/mnt/b"], ["/mnt/c", "/mnt/d"]);
        Assert.Equal(3, many.KeyStoreReplicas.Count);
        Assert.Equal(["/mnt/c", "/mnt/d"], many.EpochPlaces);
        Assert.NotEmpty(KeyPlaces.CheckVolumes(KeyOptions.Of(Under("keys"), Under("state"), [], [])));
    }

    private static string Slashes(string path) => path.Replace('\\', '/');

    private string Under(string path) => Path.Combine(_fixture.Folder, path);
}
