using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The subjects' keys of the current epoch, over all replicas: read from whichever has a sound record, written to every one. Within an epoch records are only
/// added, so the union of the replicas is the truth; a replica below the current epoch is never merged.
/// Opening reads and checks every record's outer layer; inner layers wait until they are asked for. Reading is safe from many threads.
/// </summary>
internal sealed class KeyStore : IDisposable
{
    private readonly IKeyFiles _files;
    private readonly RandomNumberGenerator _random;
    private readonly KeyOptions _options;
    private readonly Id16 _reserveId;
    private readonly Turn _turn;
    private readonly SecretBytes _epochSecret;
    private readonly AesGcm _epochCipher;
    private readonly Dictionary<(Id16 Pseudonym, uint Generation), KeyRecord> _records = [];
    private readonly Dictionary<Id16, uint> _newest = [];
    private readonly IReadOnlyList<string> _paths;
    private readonly List<StingException> _faults;
    private readonly Lock _cipherLock = new();

    private KeyStore(KeyEnvironment environment, KeyOptions options, Id16 reserveId, Turn turn, SecretBytes epochSecret, List<StingException> faults)
    {
        _files = environment.Files;
        _random = environment.Random;
        _options = options;
        _reserveId = reserveId;
        _turn = turn;
        _epochSecret = epochSecret;
        _epochCipher = new AesGcm(epochSecret.Span, 16);
        _paths = [.. options.KeyStoreReplicas.Select(replica => Path.Combine(replica, RecordFile.NameOf(turn.Epoch)))];
        _faults = faults;
    }

    /// <summary>The epoch.</summary>
    public uint Epoch => _turn.Epoch;

    /// <summary>When it began, nanoseconds since 1970 UTC.</summary>
    public long BegunNs => _turn.CreatedNs;

    /// <summary>What was wrong with places and replicas when it was opened, each named; another place served.</summary>
    public IReadOnlyList<StingException> Faults => _faults;

    /// <summary>Pseudonyms of every record whose outer layer opens.</summary>
    public IReadOnlyCollection<Id16> Pseudonyms => _newest.Keys;

    /// <summary>How many records there are.</summary>
    public int Count => _records.Count;

    /// <summary>Every record whose outer layer opens.</summary>
    public IReadOnlyCollection<KeyRecord> Records => _records.Values;

    /// <summary>Makes epoch 1: secrets, then empty files, then the turn.</summary>
    public static void Create(KeyEnvironment environment, KeyOptions options, Id16 reserveId, ISigner keyRole)
    {
        using var secret = SecretBytes.Random(EpochSecrets.Size, environment.Random);
        new EpochSecrets(environment.Files, options.EpochPlaces).Create(reserveId, 1, secret);
        foreach (var replica in options.KeyStoreReplicas)
        {
            var path = Path.Combine(replica, RecordFile.NameOf(1));
            environment.Files.MakeFolder(replica);
            if (!environment.Files.Create(path, RecordFile.Head(reserveId, 1)))
            {
                throw new StingException("KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already.", path,
                    "Choose other key store replicas: what stands there may be the only way to read another reserve.");
            }
        }
        new Turns(environment.Files, options.KeyStoreReplicas).Create(
            reserveId, new Turn(1, EpochSecrets.CheckOf(secret.Span, reserveId, 1), environment.NowNs), keyRole);
    }

    /// <summary>Opens the current epoch.</summary>
    /// <exception cref="StingException"><c>KeyStoreMissing</c>, <c>EpochSecretMissing</c>, <c>KeyStoreForeign</c></exception>
    public static KeyStore Open(KeyEnvironment environment, KeyOptions options, Id16 reserveId, SignatureVerifier keyRole)
    {
        var turns = new Turns(environment.Files, options.KeyStoreReplicas);
        for (var epoch = 0u; ;)
        {
            var faults = new List<StingException>();
            var turn = turns.Current(reserveId, keyRole, faults);
            try
            {
                return OpenAt(turn, environment, options, reserveId, faults);
            }
            catch (StingException gone) when (gone.ErrorId is "EpochSecretMissing" or "KeyStoreMissing" && turn.Epoch > epoch)
            {
                epoch = turn.Epoch;   // it may have turned between the two looks; then there is a newer one now
            }
        }
    }

    private static KeyStore OpenAt(Turn turn, KeyEnvironment environment, KeyOptions options, Id16 reserveId, List<StingException> faults)
    {
        var secret = new EpochSecrets(environment.Files, options.EpochPlaces).Open(reserveId, turn.Epoch, turn.SecretCheck, faults)
            ?? throw new StingException("EpochSecretMissing", FailureKind.NotFound,
                $"No epoch place has the secret of epoch {turn.Epoch}; looked in {string.Join(", ", options.EpochPlaces.Select(place => $"'{place}'"))}.",
                options.EpochPlaces[0], "Mount an epoch place, or put back its file: without it no backup can be read.",
                faults.Find(fault => options.EpochPlaces.Any(place => fault.Target?.StartsWith(place, StringComparison.Ordinal) == true)));
        var store = new KeyStore(environment, options, reserveId, turn, secret, faults);
        try
        {
            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>A record's inner layer.</summary>
    public byte[] OpenOuter(KeyRecord record)
    {
        var inner = new byte[record.InnerSize];
        lock (_cipherLock)
        {
            return record.TryOpenOuter(_epochCipher, _reserveId, Epoch, inner)
                ? inner
                : throw KeyRecord.Damaged(RecordFile.NameOf(Epoch), $"the record of subject {record.Pseudonym}, generation {record.Generation}, does not open with this epoch's secret");
        }
    }

    /// <summary>Makes a record around an inner layer, for <see cref="Append"/>.</summary>
    public KeyRecord Seal(KemSuite suite, Id16 pseudonym, uint generation, uint kekGeneration, ReadOnlySpan<byte> inner)
    {
        lock (_cipherLock)
        {
            return KeyRecord.SealOuter(_epochCipher, _random, _reserveId, Epoch, new KeyRecord(suite, pseudonym, generation, kekGeneration, default, default), inner);
        }
    }

    /// <summary>The newest generation of a subject's key, or null when the store has none.</summary>
    public uint? NewestGeneration(Id16 pseudonym) => _newest.TryGetValue(pseudonym, out var generation) ? generation : null;

    /// <summary>The suite of a subject's key, or the first where the store has none of it.</summary>
    public KemSuite SuiteOf(Id16 pseudonym, uint generation) => _records.TryGetValue((pseudonym, generation), out var record) ? record.Suite : KemSuite.P256;

    /// <summary>Opens one record with the KEK that it names: subject private key 32 ‖ writer secret 32. The caller disposes it.</summary>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c>, <c>KeyRecordDamaged</c></exception>
    public SecretBytes Open(Id16 pseudonym, uint generation, Func<uint, AgreementKey?> kekOf)
    {
        if (!_records.TryGetValue((pseudonym, generation), out var record))
        {
            throw new StingException("SubjectKeyMissing", FailureKind.NotFound,
                $"The key store has no key of subject {pseudonym}, generation {generation}: it was erased, or never kept here.", pseudonym.ToString(),
                "If it was erased, nothing brings it back. If not, check that the configuration names this reserve's key store.");
        }
        Span<byte> inner = stackalloc byte[record.InnerSize];
        bool opened;
        lock (_cipherLock)
        {
            opened = record.TryOpenOuter(_epochCipher, _reserveId, Epoch, inner);
        }
        var secret = new SecretBytes(KeyRecord.SecretSize);
        if (opened && kekOf(record.KekGeneration) is { } kek && record.TryOpenInner(kek, _reserveId, inner, secret))
        {
            return secret;
        }
        secret.Dispose();
        throw KeyRecord.Damaged(RecordFile.NameOf(Epoch), $"the record of subject {pseudonym}, generation {generation}, does not open with this key vault");
    }

    /// <summary>
    /// Adds records to every replica, each fsynced and read back, and what a replica lacked of older ones. Whoever mints holds the key directory's lock.
    /// Only when it returns may a public half leave the key role.
    /// </summary>
    /// <exception cref="StingException"><c>KeyStoreReplicaMissing</c>, <c>KeyFileUnavailable</c>, <c>KeyRecordDamaged</c> when a replica does not read back;
    /// others may have the records then, which harms nothing: no host has them.</exception>
    public void Append(IReadOnlyList<KeyRecord> records, CancellationToken cancel)
    {
        foreach (var path in _paths)
        {
            cancel.ThrowIfCancellationRequested();
            var content = RecordFile.Read(_files.Read(path) ?? throw Missing(path), _reserveId, Epoch, path);
            var present = SoundKeys(content);
            var added = RecordFile.Frame([.. _records.Where(pair => !present.Contains(pair.Key)).Select(pair => pair.Value), .. records]);
            _files.Append(path, content.SoundLength, added);
            CheckReadsBack(path, content.SoundLength, added);
        }
        foreach (var record in records)
        {
            Add(record);
        }
    }

    /// <summary>
    /// Writes every replica and epoch place that is missing, damaged or behind anew from what is sound elsewhere; gives the paths written. What cannot be mended is told.
    /// The caller holds the key directory's lock. Another reserve's file is never replaced, nor is a folder made: what is not mounted must not be written to.
    /// </summary>
    public IReadOnlyList<string> Refill(List<StingException> faults)
    {
        var written = new List<string>();
        var turns = new Turns(_files, _options.KeyStoreReplicas);
        foreach (var replica in _options.KeyStoreReplicas)
        {
            var path = Path.Combine(replica, RecordFile.NameOf(Epoch));
            Try(path, () => RefillReplica(replica, path));
            Try(Turns.PathOf(replica, Epoch), () => _files.List(replica) is not null && turns.Refill(replica, _turn));
        }
        foreach (var place in _options.EpochPlaces)
        {
            Try(Path.Combine(place, EpochSecrets.NameOf(Epoch)), () => new EpochSecrets(_files, [place]).Refill(place, _reserveId, Epoch, _epochSecret));
        }
        return written;

        void Try(string path, Func<bool> refill)
        {
            try
            {
                if (refill())
                {
                    written.Add(path);
                }
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _epochCipher.Dispose();
        _epochSecret.Dispose();
    }

    private void Load()
    {
        var read = new List<(string Path, int Sound)>();
        foreach (var path in _paths)
        {
            try
            {
                var content = RecordFile.Read(_files.Read(path) ?? throw Missing(path), _reserveId, Epoch, path);
                _faults.AddRange(content.Faults);
                read.Add((path, LoadFrom(content, path)));
            }
            catch (StingException fault)
            {
                _faults.Add(fault);
            }
        }
        if (read.Count == 0)
        {
            throw new StingException("KeyStoreMissing", FailureKind.NotFound, $"No key store replica of epoch {Epoch} can be read.", _paths[0],
                "Mount the key store, or correct its place in the configuration.", _faults[^1]);
        }
        foreach (var (path, sound) in read.Where(replica => replica.Sound < _records.Count))
        {
            _faults.Add(new StingException("KeyStoreReplicaBehind", FailureKind.Integrity,
                $"Key store replica '{path}' lacks {_records.Count - sound} of {_records.Count} records that another replica has.", path,
                "Run Repair-StingRepository with the key file's passphrase: it refills the replica. An interrupted minting leaves this, and so does a damaged disk."));
        }
    }

    private int LoadFrom(RecordFile content, string path)
    {
        var sound = new HashSet<(Id16, uint)>(content.Records.Count);
        foreach (var record in content.Records)
        {
            if (Opens(record))
            {
                sound.Add((record.Pseudonym, record.Generation));
                Add(record);
            }
            else
            {
                _faults.Add(KeyRecord.Damaged(path, $"the record of subject {record.Pseudonym}, generation {record.Generation}, does not open with this epoch's secret"));
            }
        }
        return sound.Count;
    }

    private bool RefillReplica(string replica, string path)
    {
        if (_files.List(replica) is null)
        {
            throw Missing(path);
        }
        var content = _files.Read(path) is { } bytes ? RecordFile.Read(bytes, _reserveId, Epoch, path) : null;
        if (content is not null && content.Faults.Count == 0 && SoundKeys(content).Count == _records.Count)
        {
            return false;
        }
        byte[] whole = [.. RecordFile.Head(_reserveId, Epoch), .. RecordFile.Frame([.. _records.Values])];
        _files.Replace(path, whole);
        CheckReadsBack(path, 0, whole);
        return true;
    }

    private HashSet<(Id16, uint)> SoundKeys(RecordFile content) =>
        [.. content.Records.Where(Opens).Select(record => (record.Pseudonym, record.Generation))];

    private void CheckReadsBack(string path, long offset, byte[] written)
    {
        if (!_files.Read(path, offset).AsSpan().SequenceEqual(written))
        {
            throw KeyRecord.Damaged(path, "it does not read back as it was written");
        }
    }

    private bool Opens(KeyRecord record)
    {
        lock (_cipherLock)
        {
            return record.OpensOuter(_epochCipher, _reserveId, Epoch);
        }
    }

    private void Add(KeyRecord record)
    {
        if (_records.TryAdd((record.Pseudonym, record.Generation), record) && record.Generation > _newest.GetValueOrDefault(record.Pseudonym))
        {
            _newest[record.Pseudonym] = record.Generation;
        }
    }

    /// <summary>The error for a replica that is not there.</summary>
    internal static StingException Missing(string path) => new(
        "KeyStoreReplicaMissing", FailureKind.NotFound, $"Key store replica '{path}' is not there.", path,
        "Mount it; if it is lost, make its folder anew and run Repair-StingRepository with the key file's passphrase: it refills the replica from the others.");
}
