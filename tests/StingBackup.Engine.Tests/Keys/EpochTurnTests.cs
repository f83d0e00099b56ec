using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>The turn of the epoch: what survives always opens, what is left behind never does, wherever it is interrupted and whichever place is away.</summary>
public sealed class EpochTurnTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_erased_are_left_behind_and_the_others_open()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        var outcome = Turn(keys, erased);
        Assert.Equal((2u, KeyFixture.FewSpares - 1, 1), (outcome.Epoch, outcome.Survivors, outcome.Left));
        Assert.Empty(outcome.Away);
        AssertForgotten(Turner(keys).Forget(2));
        AssertOpens(keys, erased, others);
        Assert.Empty(OldFiles());
    }

    [Fact]
    public async Task An_old_copy_of_the_whole_key_store_with_the_KEK_opens_nothing()
    {
        using var keys = await _fixture.CreateAsync();
        var copy = Path.Combine(_fixture.Folder, "stolen");
        foreach (var replica in _fixture.Options.KeyStoreReplicas)
        {
            Copy(replica, Path.Combine(copy, Path.GetFileName(replica)));
        }
        var (erased, _) = Choose(keys);
        Turn(keys, erased);
        Turner(keys).Forget(2);

        // The thief has the key directory and every replica of before; the epoch places are as they are now.
        var stolen = _fixture.Options with { KeyStoreReplicas = [.. _fixture.Options.KeyStoreReplicas.Select(replica => Path.Combine(copy, Path.GetFileName(replica)))] };
        using var theirs = ReserveKeys.OpenIn(_fixture.Environment, stolen, null);
        Assert.Equal("EpochSecretMissing", Assert.Throws<StingException>(() => theirs.Unlock(null)).ErrorId);

        // And with today's secret in the place of the old one: it is another.
        foreach (var place in stolen.EpochPlaces)
        {
            File.Copy(Path.Combine(place, EpochSecrets.NameOf(2)), Path.Combine(place, EpochSecrets.NameOf(1)));
        }
        Assert.Equal("EpochSecretMissing", Assert.Throws<StingException>(() => theirs.Unlock(null)).ErrorId);
    }

    [Fact]
    public async Task Killed_after_any_write_the_survivors_open_and_the_next_try_ends_it()
    {
        var writes = 0;
        using (var counting = new KeyFixture())
        {
            using var keys = await counting.CreateAsync();
            var before = counting.Files.Writes;
            var (erased, _) = Choose(keys);
            Turn(keys, erased, counting);
            Turner(keys, counting).Forget(2);
            writes = counting.Files.Writes - before;
        }
        Assert.True(writes >= 10, $"{writes} writes");
        for (var failing = 1; failing <= writes; failing++)
        {
            foreach (var whole in new[] { false, true })
            {
                using var fixture = new KeyFixture();
                using var keys = await fixture.CreateAsync();
                var (erased, others) = Choose(keys);
                (fixture.Files.FailAt, fixture.Files.DoIt) = (fixture.Files.Writes + failing, whole);
                try
                {
                    Turn(keys, erased, fixture);
                    Turner(keys, fixture).Forget(2);
                }
                catch (StingException)
                {
                }
                fixture.Files.FailAt = 0;
                AssertSurvives(keys, others, fixture, $"write {failing}, done {whole}");

                var epoch = Epoch(keys, fixture);
                if (epoch == 1)
                {
                    epoch = Turn(keys, erased, fixture).Epoch;
                }
                AssertForgotten(Turner(keys, fixture).Forget(epoch));
                await keys.RefillKeyStoreAsync(null, default);
                AssertOpens(keys, erased, others, fixture);
                Assert.Empty(OldFiles(fixture));
                using var reader = KeyFixture.Unlock(keys);
                Assert.Empty(reader.Faults);
            }
        }
    }

    [Theory]
    [InlineData("store-2")]
    [InlineData("epoch-1")]
    [InlineData("epoch-2")]
    public async Task A_place_that_is_away_keeps_the_erasure_pending_and_is_emptied_when_it_returns(string place)
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        var (here, elsewhere) = (Path.Combine(_fixture.Folder, place), Path.Combine(_fixture.Folder, "elsewhere"));
        Directory.Move(here, elsewhere);

        var outcome = Turn(keys, erased);
        Assert.Equal(here, Assert.Single(outcome.Away).Target);
        Assert.Equal(here, Assert.Single(Turner(keys).Forget(2).Pending).Target);
        AssertOpens(keys, erased, others);

        Directory.Move(elsewhere, here);
        AssertOpens(keys, erased, others);
        await keys.RefillKeyStoreAsync(null, default);
        AssertForgotten(Turner(keys).Forget(2));
        AssertOpens(keys, erased, others);
        Assert.Empty(OldFiles());
        using var reader = KeyFixture.Unlock(keys);
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public async Task Without_the_first_replica_there_is_no_turn()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        Directory.Move(_fixture.Options.KeyStoreReplicas[0], Path.Combine(_fixture.Folder, "elsewhere"));
        Assert.Equal("KeyStoreReplicaMissing", Assert.Throws<StingException>(() => Turn(keys, erased)).ErrorId);
        AssertSurvives(keys, [.. others, erased], _fixture, "nothing changed");
    }

    [Fact]
    public async Task Without_any_epoch_place_there_is_no_turn()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using (var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier))
        {
            foreach (var place in _fixture.Options.EpochPlaces)
            {
                Directory.Move(place, place + ".away");
            }
            var refused = Assert.Throws<StingException>(() => Turner(keys).Run(store, new TurnOrder(new HashSet<Id16> { erased }), KeyRole(keys), default));
            Assert.Equal("EpochSecretMissing", refused.ErrorId);
        }
        foreach (var place in _fixture.Options.EpochPlaces)
        {
            Directory.Move(place + ".away", place);
        }
        AssertSurvives(keys, [.. others, erased], _fixture, "nothing changed");
    }

    [Fact]
    public async Task A_replica_that_returns_with_an_old_epoch_after_two_turns_is_not_merged()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        var old = Path.Combine(_fixture.Folder, "old");
        Copy(_fixture.Options.KeyStoreReplicas[1], old);
        Turn(keys, erased);
        Turner(keys).Forget(2);
        Turn(keys, others[0]);
        Turner(keys).Forget(3);

        Directory.Delete(_fixture.Options.KeyStoreReplicas[1], recursive: true);
        Copy(old, _fixture.Options.KeyStoreReplicas[1]);
        AssertOpens(keys, erased, others[1..]);
        AssertOpens(keys, others[0], others[1..]);
        await keys.RefillKeyStoreAsync(null, default);
        AssertForgotten(Turner(keys).Forget(3));
        Assert.DoesNotContain(Directory.EnumerateFiles(_fixture.Folder, "epoch-*1.keys", SearchOption.AllDirectories), path => !path.StartsWith(old, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leftovers_of_interrupted_writes_go_too()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, _) = Choose(keys);
        var leftover = Path.Combine(_fixture.Options.EpochPlaces[0], $".{EpochSecrets.NameOf(1)}.abcdef.tmp");
        File.Copy(_fixture.Secret(0), leftover);
        Turn(keys, erased);
        Assert.Contains(Turner(keys).Forget(2).Done, file => file.Path == leftover);
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task A_reader_that_looks_while_it_turns_gets_one_epoch_or_the_other()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        using var stop = new CancellationTokenSource();
        var opened = 0;
        var reading = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var reader = KeyFixture.Unlock(keys);
                Assert.Equal(32, reader.GetIdKey(others[0]).Length);
                Interlocked.Increment(ref opened);
            }
        });
        for (uint epoch = 2; (epoch < 30 || Volatile.Read(ref opened) < 10) && !reading.IsCompleted; epoch++)
        {
            Turn(keys, erased);
            Turner(keys).Forget(epoch);
        }
        await stop.CancelAsync();
        await reading;
    }

    [Fact]
    public async Task Of_turns_that_go_between_the_listing_and_the_look_the_next_is_found()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        var epoch = 1u;
        var turns = false;
        _fixture.Files.Listed = folder =>
        {
            if (!turns && epoch < 6 && Path.GetFileName(folder) == Turns.Folder)
            {
                turns = true;
                Turn(keys, erased);
                Turner(keys).Forget(++epoch);
                turns = false;
            }
        };
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal((6u, 6u), (epoch, reader.Epoch));
        Assert.Equal(32, reader.GetIdKey(others[0]).Length);
    }

    [Fact]
    public async Task Inner_layers_can_be_sealed_anew_on_the_way()
    {
        using var keys = await _fixture.CreateAsync();
        var (erased, others) = Choose(keys);
        var seen = 0;
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using (var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier))
        {
            Turner(keys).Run(store, new TurnOrder(new HashSet<Id16> { erased }, (layers, _) =>
            {
                seen = layers.Count;
                return layers;
            }), KeyRole(keys), default);
        }
        Assert.Equal(KeyFixture.FewSpares - 1, seen);
        AssertOpens(keys, erased, others);
    }

    private static (Id16 Erased, Id16[] Others) Choose(ReserveKeys keys)
    {
        using var reader = KeyFixture.Unlock(keys);
        var all = reader.Pseudonyms.Order().ToArray();
        Assert.Equal(KeyFixture.FewSpares, all.Length);
        return (all[3], [.. all.Where(one => one != all[3])]);
    }

    private EpochTurn Turner(ReserveKeys keys, KeyFixture? fixture = null) => new((fixture ?? _fixture).Environment, (fixture ?? _fixture).Options, keys.ReserveId);

    private TurnOutcome Turn(ReserveKeys keys, Id16 erased, KeyFixture? fixture = null)
    {
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using var store = KeyStore.Open((fixture ?? _fixture).Environment, (fixture ?? _fixture).Options, keys.ReserveId, verifier);
        return Turner(keys, fixture).Run(store, new TurnOrder(new HashSet<Id16> { erased }), KeyRole(keys, fixture), default);
    }

    private EcdsaSigner KeyRole(ReserveKeys keys, KeyFixture? fixture = null)
    {
        var path = (fixture ?? _fixture).InKeys(PrivateHalfFile.FileName);
        return PrivateHalfFile.Open(File.ReadAllBytes(path), path, keys.ReserveId, null).KeyRole;
    }

    private static uint Epoch(ReserveKeys keys, KeyFixture fixture)
    {
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using var store = KeyStore.Open(fixture.Environment, fixture.Options, keys.ReserveId, verifier);
        return store.Epoch;
    }

    private static void AssertSurvives(ReserveKeys keys, Id16[] others, KeyFixture fixture, string when)
    {
        using var reader = KeyFixture.Unlock(keys);
        Assert.All(others, one => Assert.True(reader.GetIdKey(one).Length == 32, when));
    }

    private void AssertOpens(ReserveKeys keys, Id16 erased, Id16[] others, KeyFixture? fixture = null)
    {
        AssertSurvives(keys, others, fixture ?? _fixture, "after the turn");
        using var reader = KeyFixture.Unlock(keys);
        Assert.DoesNotContain(erased, reader.Pseudonyms);
        Assert.Equal("SubjectKeyMissing", Assert.Throws<StingException>(() => reader.GetIdKey(erased)).ErrorId);
    }

    private static void AssertForgotten(ForgetOutcome outcome) => Assert.Empty(outcome.Pending);

    private IEnumerable<string> OldFiles(KeyFixture? fixture = null) =>
        Directory.EnumerateFiles((fixture ?? _fixture).Folder, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path).Contains("epoch-0000000001", StringComparison.Ordinal) || path.EndsWith("turn/1", StringComparison.Ordinal));

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
