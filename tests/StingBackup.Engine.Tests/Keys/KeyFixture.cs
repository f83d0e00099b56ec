using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A temporary folder for one reserve's keys, with a clock of its own.</summary>
internal sealed class KeyFixture : IDisposable
{
    public const int FewSpares = 12;
    public static readonly Argon2Parameters LittleWork = new(64, 1, 1);

    public KeyFixture(KemSuite? suite = null) : this(suite, new MemoryObjectStore())
    {
    }

    private KeyFixture(KemSuite? suite, MemoryObjectStore store)
    {
        Store = store;
        Folder = Directory.CreateTempSubdirectory("sting-keys-").FullName;
        Options = new KeyOptions
        {
            KeyDirectory = Path.Combine(Folder, "keys"), HostStateDirectory = Path.Combine(Folder, "state"),
            KeyStoreReplicas = [Path.Combine(Folder, "store-1"), Path.Combine(Folder, "store-2")],
            EpochPlaces = [Path.Combine(Folder, "epoch-1"), Path.Combine(Folder, "epoch-2")], Suite = suite ?? KemSuite.P256, Spares = FewSpares,
        };
        Files = new FaultyKeyFiles(new DiskKeyFiles(Clock));
        Environment = new KeyEnvironment(Clock, RandomNumberGenerator.Create(), Files);
    }

    public string Folder { get; }
    public KeyOptions Options { get; set; }
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 15, 2, 0, 0, TimeSpan.Zero));
    public FaultyKeyFiles Files { get; }
    public KeyEnvironment Environment { get; }
    public MemoryObjectStore Store { get; }

    /// <summary>The same reserve in a folder and a store of its own, at the same moment: for tests that begin at one state many times.</summary>
    public KeyFixture Copy()
    {
        var copy = new KeyFixture(Options.Suite, new MemoryObjectStore(Store.Objects));
        copy.Clock.SetUtcNow(Clock.GetUtcNow());
        foreach (var folder in Directory.EnumerateDirectories(Folder, "*", SearchOption.AllDirectories))
        {
            var made = Directory.CreateDirectory(Path.Combine(copy.Folder, Path.GetRelativePath(Folder, folder)));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(made.FullName, File.GetUnixFileMode(folder));
            }
        }
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(copy.Folder, Path.GetRelativePath(Folder, file)));
        }
        return copy;
    }

    public string InKeys(string name) => Path.Combine(Options.KeyDirectory, name);
    public string InHost(string name) => Path.Combine(HostKeys.FolderOf(Options), name);
    public string Replica(int index) => Path.Combine(Options.KeyStoreReplicas[index], RecordFile.NameOf(1));
    public string Secret(int index) => Path.Combine(Options.EpochPlaces[index], EpochSecrets.NameOf(1));

    /// <summary>Makes a reserve with an open key file and few spares, and publishes it to <see cref="Store"/>.</summary>
    public async Task<ReserveKeys> CreateAsync(string? passphrase = null, int spares = FewSpares)
    {
        var plan = new KeyCreator(Environment, Options).Plan(Creation(passphrase, spares));
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        var keys = await ReserveKeys.CreateInAsync(Environment, plan, secret, default);
        await keys.PublishAsync(Store, default);
        return keys;
    }

    public static KeyCreation Creation(string? passphrase = null, int spares = FewSpares) =>
        new() { HostName = "host-a", WithPassphrase = passphrase is not null, Spares = spares, Work = LittleWork };

    public ReserveKeys Open(string? pin = null) => ReserveKeys.OpenIn(Environment, Options, pin);

    public static SubjectReader Unlock(ReserveKeys keys, string? passphrase = null)
    {
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        return keys.Unlock(secret);
    }

    /// <summary>Changes one byte of a file.</summary>
    public static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
