using StingBackup.Engine.Backup;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Guardian;

/// <summary>A reserve of two people with files that look like people's.</summary>
internal sealed class GuardianFixture : IAsyncDisposable
{
    public const string Ann = "users/3b241101-e2bb-4255-8caf-4136c566a962", Bob = "users/9f8b7c6d-1234-4e5f-8a9b-0c1d2e3f4a5b";
    private static readonly Format[] Formats = [Format.Text, Format.Docx, Format.Pdf, Format.Jpeg, Format.Csv];

    private readonly Random _random = new(20);

    public TestInstallation Test { get; } = new();

    /// <summary>Everybody's files, by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Makes one, backed up once.</summary>
    public static async Task<GuardianFixture> BeginAsync()
    {
        var fixture = new GuardianFixture();
        await fixture.FillAsync();
        return fixture;
    }

    private async Task FillAsync()
    {
        foreach (var user in (string[])[Ann, Bob])
        {
            for (var i = 0; i < 40; i++)
            {
                var format = Formats[i % Formats.Length];
                Put($"{user}/folder{i % 3}/file{i:00}{SimulatedContent.ExtensionOf(format)}", SimulatedContent.Make(format, _random.Next(700, 5000), _random));
            }
        }
        // One that is read in blocks.
        Put($"{Ann}/long.csv", SimulatedContent.Make(Format.Csv, 5 << 20, _random));
        await Test.BackupAsync();
    }

    public void Put(string path, byte[] content)
    {
        Files[path] = content;
        Test.Write(path, content);
    }

    public void Delete(string path)
    {
        Files.Remove(path);
        File.Delete(Path.Combine(Test.ReserveRoot, path));
    }

    public byte[] Cipher(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes a cipher's output into everything of somebody, in place.</summary>
    public void Encrypt(string user, int most = int.MaxValue)
    {
        foreach (var (path, content) in Files.Where(f => f.Key.StartsWith(user, StringComparison.Ordinal)).OrderBy(f => f.Key, StringComparer.Ordinal).Take(most).ToList())
        {
            Put(path, Cipher(content.Length));
        }
    }

    public async Task<PointRecord> NewestPointAsync() => (await RepositoryView.LoadPointsAsync(Test.Store, Test.Keys.Reserve, Test.Keys.Writers, default)).MaxBy(p => p.TimeNs)!;

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
