using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>Lists keys: what each is for, where it lies, how it is. Needs no passphrase, opens no private half.</summary>
internal sealed class KeyInventory(KeyEnvironment environment, KeyOptions options, PublicHalf? publicHalf, HostKeys? host)
{
    private const string Signing = "ECDSA P-256";
    private const string Agreement = "HPKE P-256, HKDF-SHA256, AES-256-GCM";
    private const string HybridAgreement = "HPKE P-256 + ML-KEM-768, HKDF-SHA256, AES-256-GCM";
    private const string Sealing = "AES-256-GCM";
    private const string Hashing = "HMAC-SHA256";

    /// <summary>Every key of this reserve that this host should have.</summary>
    public IEnumerable<KeyInfo> List() => publicHalf is null ? OfHost() : [.. OfKeyDirectory(publicHalf), .. OfEscrows(publicHalf), .. OfKeyStore(publicHalf), .. OfHost()];

    private IEnumerable<KeyInfo> OfKeyDirectory(PublicHalf half)
    {
        var path = Path.Combine(options.KeyDirectory, PrivateHalfFile.FileName);
        var (state, problem) = Look(path, bytes => PrivateHalfFile.IsSealed(bytes, path) ? KeyState.Sealed : KeyState.Ready);
        var vault = VaultOf(path);
        yield return new KeyInfo
        {
            Kind = KeyKind.KeyRole, Name = "key role", State = state, Problem = problem, Algorithm = Signing, Location = path, CreatedTime = Time(half.Chain.SinceNs ?? half.CreatedNs),
            Generation = (uint)half.Chain.Count, Fingerprint = Fingerprint.Of(half.KeyRolePublicKey),
        };
        yield return new KeyInfo
        {
            Kind = KeyKind.KeyVault, Name = vault is null ? "local key file" : $"Vault transit {vault}", State = state, Problem = problem, Algorithm = AgreementOf(half.KekPublicKey), Location = path, CreatedTime = Time(half.KekSinceNs ?? half.CreatedNs),
            Generation = half.KekGeneration, Fingerprint = Fingerprint.Of(half.KekPublicKey),
        };
    }

    private IEnumerable<KeyInfo> OfEscrows(PublicHalf half) => new EscrowShelf(environment.Files, options).List(half).Select(escrow => new KeyInfo
    {
        Kind = KeyKind.Escrow, Name = escrow.State == EscrowState.Damaged ? "escrow" : FormattableString.Invariant($"{escrow.Threshold} of {escrow.Shares} shares"), Algorithm = Sealing, Location = escrow.Location,
        State = escrow.State switch { EscrowState.Current => KeyState.Ready, EscrowState.Stale => KeyState.Stale, _ => KeyState.Damaged }, Generation = escrow.KekGeneration,
        CreatedTime = escrow.CreatedTime, Fingerprint = escrow.KekFingerprint, Problem = escrow.Problem,
    });

    private IEnumerable<KeyInfo> OfKeyStore(PublicHalf half)
    {
        using var verifier = new SignatureVerifier(half.Chain.Joined);
        KeyStore? store = null;
        StingException? failure = null;
        var faults = new List<StingException>();
        uint epoch = 0;
        try
        {
            epoch = new Turns(environment.Files, options.KeyStoreReplicas).Current(half.ReserveId, verifier, []).Epoch;
            store = KeyStore.Open(environment, options, half.ReserveId, verifier);
            faults.AddRange(store.Faults);
        }
        catch (StingException cannotOpen)
        {
            failure = cannotOpen;
        }
        using (store)
        {
            foreach (var place in options.EpochPlaces)
            {
                yield return Row(KeyKind.EpochSecret, $"epoch {epoch}", Path.Combine(place, EpochSecrets.NameOf(epoch)), null);
            }
            foreach (var replica in options.KeyStoreReplicas)
            {
                yield return Row(KeyKind.KeyStoreReplica, $"epoch {epoch}", Path.Combine(replica, RecordFile.NameOf(epoch)), store?.Count);
            }
        }

        KeyInfo Row(KeyKind kind, string name, string path, int? records)
        {
            var fault = faults.Find(fault => fault.Target == path) ?? failure;
            var (state, problem) = Look(path, _ => fault is null ? KeyState.Ready : StateOf(fault));
            return new KeyInfo
            {
                Kind = kind, Name = name, State = state, Algorithm = Sealing, Location = path, Generation = epoch, CreatedTime = store is null ? null : Time(store.BegunNs),
                Records = state is KeyState.Ready or KeyState.Exposed ? records : null, Problem = problem ?? (fault is null ? null : Text(fault)),
            };
        }
    }

    private IEnumerable<KeyInfo> OfHost()
    {
        var path = HostKeys.PathOf(options);
        if (host is null)
        {
            yield return new KeyInfo
            {
                Kind = KeyKind.HostSigning, Name = "this host", State = KeyState.Missing, Algorithm = Signing, Location = path,
                Problem = "This host is not enrolled: it can read, but not write.",
            };
            yield break;
        }
        var (state, problem) = Look(path, _ => KeyState.Ready);
        KeyInfo Row(KeyKind kind, string algorithm, ReadOnlySpan<byte> publicKey) => new()
        {
            Kind = kind, Name = host.HostName, State = state, Problem = problem, Algorithm = algorithm, Location = path, CreatedTime = Time(host.CreatedNs),
            Fingerprint = publicKey.IsEmpty ? null : Fingerprint.Of(publicKey),
        };
        yield return Row(KeyKind.HostSigning, Signing, host.SigningKey.PublicKey.Span);
        yield return Row(KeyKind.HostEncryption, Agreement, host.EncryptionKey.PublicKey.Span);
        yield return Row(KeyKind.Directory, Hashing, []);
        yield return SparesRow(host);
    }

    private KeyInfo SparesRow(HostKeys host)
    {
        var folder = HostKeys.FolderOf(options);
        var path = SpareShelf.PathsIn(folder)[0];
        var (left, damage) = SpareShelf.Glance(environment, host, folder, options.Suite);
        var (state, problem) = Look(path, _ => damage is not null ? KeyState.Damaged : new SpareState(left, options.Spares, false).IsLow ? KeyState.Low : KeyState.Ready);
        return new KeyInfo
        {
            Kind = KeyKind.Spares, Name = host.HostName, State = state, Algorithm = Agreement, Location = path, SparesLeft = left,
            Problem = damage is not null ? Text(damage) : problem ?? (state == KeyState.Low ? "Mint more: run Repair-StingRepository with the key file's passphrase." : null),
        };
    }

    /// <summary>The key of a key vault that a key file names; null for none, and for a file that cannot be read, which its row tells.</summary>
    private KeyWrapperName? VaultOf(string path)
    {
        try
        {
            return environment.Files.Read(path) is { } bytes && PrivateHalfFile.ProtectionOf(bytes, path) == KeyFileProtection.KeyVault ? PrivateHalfFile.WrappedKeyOf(bytes, path).Name : null;
        }
        catch (StingException)
        {
            return null;
        }
    }

    private (KeyState State, string? Problem) Look(string path, Func<byte[], KeyState> judge)
    {
        try
        {
            if (environment.Files.Read(path) is not { } bytes)
            {
                return (KeyState.Missing, $"'{path}' is not there.");
            }
            var state = judge(bytes);
            return state is KeyState.Ready or KeyState.Sealed && environment.Files.IsExposed(path)
                ? (KeyState.Exposed, $"Others on this machine may read '{path}': set its mode to 0600.")
                : (state, null);
        }
        catch (StingException fault)
        {
            return (StateOf(fault), Text(fault));
        }
    }

    private static KeyState StateOf(StingException fault) => fault.Kind switch
    {
        FailureKind.Integrity => KeyState.Damaged,
        FailureKind.NotFound => KeyState.Missing,
        _ => KeyState.Unavailable,
    };

    private static string Text(StingException fault) => $"{fault.Message} {fault.Remedy}";

    private static string AgreementOf(byte[] publicKey) => KemSuite.OfPublicKey(publicKey) == KemSuite.P256 ? Agreement : HybridAgreement;

    internal static DateTimeOffset Time(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);

    /// <summary>A claim as a row.</summary>
    public static KeyInfo OfClaim(SubjectClaim claim) => new()
    {
        Kind = KeyKind.Subject, Name = claim.Key.Pseudonym.ToString(), State = KeyState.Ready, Algorithm = AgreementOf(claim.Key.PublicKey), Location = claim.ObjectName,
        Generation = claim.Key.Generation, CreatedTime = Time(claim.CreatedNs), Fingerprint = Fingerprint.Of(claim.Key.PublicKey),
    };

    /// <summary>A claim that cannot be trusted, as a row.</summary>
    public static KeyInfo OfDamagedClaim(string name, StingException fault) => new()
    {
        Kind = KeyKind.Subject, Name = "", State = KeyState.Damaged, Algorithm = Agreement, Location = name, Problem = Text(fault),
    };

    /// <summary>A writer as a row.</summary>
    public static KeyInfo OfWriter(EnrolledWriter writer) => new()
    {
        Kind = KeyKind.HostSigning, Name = writer.HostName, State = writer.LastGoodSequence is null ? KeyState.Ready : KeyState.Revoked, Algorithm = Signing,
        Location = KeyObjectNames.Writer(writer.Id, 1), Fingerprint = Fingerprint.Of(writer.SigningKey),
    };
}
