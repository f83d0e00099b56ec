using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>Seals the inner layers of all survivors anew, for a new KEK; each stays in its place.</summary>
internal delegate IReadOnlyList<InnerLayer> Reseal(IReadOnlyList<InnerLayer> layers, CancellationToken cancel);

/// <summary>What a turn does besides giving the epoch a new secret.</summary>
/// <param name="Erased">Subjects whose records are left behind.</param>
/// <param name="Reseal">Renews inner layers; null keeps them.</param>
internal sealed record TurnOrder(IReadOnlySet<Id16> Erased, Reseal? Reseal = null);

/// <summary>What a turn did.</summary>
/// <param name="Epoch">The epoch that it began.</param>
/// <param name="Survivors">Records that it carried over.</param>
/// <param name="Left">Records that it left behind.</param>
/// <param name="Away">Places that it could not write to; each still holds what it held.</param>
internal sealed record TurnOutcome(uint Epoch, int Survivors, int Left, IReadOnlyList<StingException> Away);

/// <summary>A file of an earlier epoch that was destroyed.</summary>
/// <param name="Path">Where it was.</param>
/// <param name="At">When its absence was read back.</param>
internal sealed record ForgottenFile(string Path, DateTimeOffset At);

/// <summary>What is forgotten of earlier epochs.</summary>
/// <param name="Done">Files that were destroyed now.</param>
/// <param name="Pending">Places out of reach, and what could not be destroyed: earlier secrets may still stand there.</param>
internal sealed record ForgetOutcome(IReadOnlyList<ForgottenFile> Done, IReadOnlyList<StingException> Pending);

/// <summary>What is left once subjects were left behind.</summary>
/// <param name="Epoch">The current epoch.</param>
/// <param name="BegunNs">When it began, nanoseconds since 1970 UTC.</param>
/// <param name="Survivors">Records that opened in it.</param>
/// <param name="Destroyed">Files of earlier epochs that were destroyed now.</param>
/// <param name="Away">Places that may still hold something of an earlier epoch.</param>
/// <param name="Places">Every place of a secret or of records.</param>
internal sealed record LeftBehind(
    uint Epoch, long BegunNs, int Survivors, IReadOnlyList<ForgottenFile> Destroyed, IReadOnlyList<StingException> Away, IReadOnlyList<KeyPlaceKind> Places);

/// <summary>A place of the key hierarchy.</summary>
/// <param name="Path">The folder.</param>
/// <param name="What">What of an epoch lies there.</param>
internal sealed record KeyPlaceKind(string Path, string What);

/// <summary>
/// The turn from one epoch to the next: a new secret to every place, the survivors' records rewrapped into a new file on every replica, each read back and opened;
/// then the switch (<c>turn/&lt;n+1&gt;</c> on the first replica); then the earlier secret and files destroyed. Before the switch a crash leaves the epoch that was, and
/// the next try discards what it left; after it there is only forward. So what was left behind cannot be opened by anybody, from whatever copy of the key store.
/// The caller holds the key directory's lock.
/// </summary>
internal sealed class EpochTurn(KeyEnvironment environment, KeyOptions options, Id16 reserveId)
{
    private readonly IKeyFiles _files = environment.Files;

    /// <summary>Every place of a secret or of records.</summary>
    public IReadOnlyList<KeyPlaceKind> Places =>
        [.. options.EpochPlaces.Select(place => new KeyPlaceKind(place, "epoch secret")), .. options.KeyStoreReplicas.Select(replica => new KeyPlaceKind(replica, "key records"))];

    /// <summary>Makes the next epoch. Earlier ones are still there when it returns: <see cref="Forget"/> destroys them.</summary>
    /// <param name="current">The epoch that ends.</param>
    /// <param name="order">Who is left behind.</param>
    /// <param name="keyRole">Signs the turn.</param>
    /// <param name="cancel">Stops it before the switch.</param>
    /// <exception cref="StingException"><c>KeyStoreReplicaMissing</c> when the first replica is away, <c>EpochSecretMissing</c> when every epoch place is; <c>KeyPlaceAway</c> when
    /// the first replica cannot be written. The epoch that was is still the current one.</exception>
    public TurnOutcome Run(KeyStore current, TurnOrder order, ISigner keyRole, CancellationToken cancel)
    {
        var next = current.Epoch + 1;
        var first = options.KeyStoreReplicas[0];
        if (_files.List(first) is null)
        {
            throw KeyStore.Missing(first);
        }
        var away = new List<StingException>();
        Discard(next);
        using var secret = SecretBytes.Random(EpochSecrets.Size, environment.Random);
        var holding = options.EpochPlaces.Where(place => TryAt(place, away, () => new EpochSecrets(_files, [place]).Create(reserveId, next, secret))).ToList();
        if (holding.Count == 0)
        {
            throw new StingException("EpochSecretMissing", FailureKind.Io, "The new epoch's secret could not be written to any epoch place.", options.EpochPlaces[0],
                "Mount the epoch places, or give them room; the epoch that was is still in force.", away[0]);
        }
        using var cipher = new AesGcm(secret.Span, 16);
        var survivors = Rewrap(current, next, order, cipher, cancel);
        byte[] bytes = [.. RecordFile.Head(reserveId, next), .. RecordFile.Frame(survivors)];
        foreach (var replica in options.KeyStoreReplicas)
        {
            cancel.ThrowIfCancellationRequested();
            if (!TryAt(replica, away, () => WriteReplica(replica, next, bytes, survivors.Length, cipher)) && replica == first)
            {
                throw away[^1];
            }
        }
        Switch(new Turn(next, EpochSecrets.CheckOf(secret.Span, reserveId, next), environment.NowNs), keyRole, away);
        return new TurnOutcome(next, survivors.Length, current.Count - survivors.Length, away);
    }

    /// <summary>
    /// Destroys what stands of epochs before <paramref name="epoch"/> in every place and replica: secrets, record files, turns, and what interrupted writes left.
    /// May be called again until nothing is pending; a place that comes back with an old file is emptied of it.
    /// </summary>
    public ForgetOutcome Forget(uint epoch)
    {
        var done = new List<ForgottenFile>();
        var pending = new List<StingException>();
        foreach (var place in options.EpochPlaces)
        {
            ForgetAt(place, name => IsEarlier(name, EpochSecrets.NameOf, epoch), done, pending);
        }
        foreach (var replica in options.KeyStoreReplicas)
        {
            ForgetAt(replica, name => IsEarlier(name, RecordFile.NameOf, epoch), done, pending);
            if (_files.List(Path.Combine(replica, Turns.Folder)) is not null)
            {
                ForgetAt(Path.Combine(replica, Turns.Folder), name => Turns.EpochOf(name) < epoch, done, pending);
            }
        }
        return new ForgetOutcome(done, pending);
    }

    private void ForgetAt(string folder, Func<string, bool> isEarlier, List<ForgottenFile> done, List<StingException> pending)
    {
        try
        {
            foreach (var name in _files.List(folder) ?? throw Away(folder))
            {
                var path = Path.Combine(folder, name);
                if (isEarlier(name))
                {
                    _files.Destroy(path);
                    if (_files.Read(path) is not null)
                    {
                        throw KeyFrame.Damaged(path, "it was destroyed, and is still there");
                    }
                    done.Add(new ForgottenFile(path, environment.Clock.GetUtcNow()));
                }
            }
        }
        catch (StingException fault)
        {
            pending.Add(fault);
        }
    }

    /// <summary>Removes what a try left that did not come to its switch.</summary>
    private void Discard(uint next)
    {
        foreach (var path in options.EpochPlaces.Select(place => Path.Combine(place, EpochSecrets.NameOf(next)))
                     .Concat(options.KeyStoreReplicas.Select(replica => Path.Combine(replica, RecordFile.NameOf(next)))))
        {
            if (_files.List(Path.GetDirectoryName(path)!) is not null)
            {
                _files.Destroy(path);
            }
        }
    }

    private KeyRecord[] Rewrap(KeyStore current, uint next, TurnOrder order, AesGcm cipher, CancellationToken cancel)
    {
        var kept = current.Records.Where(record => !order.Erased.Contains(record.Pseudonym)).ToArray();
        IReadOnlyList<InnerLayer> layers = kept.Select(record => new InnerLayer(record.Pseudonym, record.Generation, record.KekGeneration, current.OpenOuter(record))).ToArray();
        if (order.Reseal is { } reseal)
        {
            layers = reseal(layers, cancel);
        }
        // A renewal keeps each in its place.
        return [.. layers.Select((layer, i) => KeyRecord.SealOuter(cipher, environment.Random, reserveId, next, kept[i] with { KekGeneration = layer.KekGeneration }, layer.Bytes))];
    }

    private void WriteReplica(string replica, uint next, byte[] bytes, int count, AesGcm cipher)
    {
        var path = Path.Combine(replica, RecordFile.NameOf(next));
        _files.Replace(path, bytes);
        var content = RecordFile.Read(_files.Read(path) ?? throw KeyStore.Missing(path), reserveId, next, path);
        if (content.Faults.Count > 0 || content.Records.Count != count || !content.Records.All(record => record.OpensOuter(cipher, reserveId, next)))
        {
            throw KeyRecord.Damaged(path, "it does not read back as it was written", content.Faults.Count > 0 ? content.Faults[0] : null);
        }
    }

    private void Switch(Turn turn, ISigner keyRole, List<StingException> away)
    {
        var turns = new Turns(_files, options.KeyStoreReplicas);
        var signed = turn with { Bytes = Turns.Sign(reserveId, turn, keyRole) };
        turns.Begin(options.KeyStoreReplicas[0], signed);
        foreach (var replica in options.KeyStoreReplicas.Skip(1))
        {
            TryAt(replica, away, () => turns.Refill(replica, signed));
        }
    }

    private bool TryAt(string place, List<StingException> away, Action act)
    {
        if (away.Exists(fault => fault.Target == place))
        {
            return false;
        }
        try
        {
            if (_files.List(place) is null)
            {
                throw Away(place);
            }
            act();
            return true;
        }
        catch (StingException fault)
        {
            away.Add(new StingException("KeyPlaceAway", fault.Kind, fault.Message, place, fault.Remedy, fault));
            return false;
        }
    }

    /// <summary>Whether a name is that of an earlier epoch's file, or of one whose writing was interrupted.</summary>
    private static bool IsEarlier(string name, Func<uint, string> nameOf, uint epoch)
    {
        var whole = name.StartsWith('.') ? name[1..] : name;
        for (var at = 0; at < whole.Length; at++)
        {
            if (char.IsAsciiDigit(whole[at]))
            {
                return whole.Length >= at + 10 && uint.TryParse(whole.AsSpan(at, 10), out var of) && of < epoch && whole.StartsWith(nameOf(of), StringComparison.Ordinal);
            }
        }
        return false;
    }

    private static StingException Away(string place) => new("KeyPlaceAway", FailureKind.NotFound, $"'{place}' is not there.", place,
        "Mount it. When it comes back it is emptied of what earlier epochs left and filled anew; until then it may still hold an earlier secret.");
}
