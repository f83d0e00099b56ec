namespace StingBackup.Fixtures;

/// <summary>
/// A STING installation in a temporary folder, made from tests/fixtures/sting, with a stand-in for docker (tests/fixtures/docker) and the volumes that its containers name.
/// Every secret in it begins with SECRET-.
/// </summary>
internal sealed class StingFolder : IDisposable
{
    private const string Person = "11111111-1111-4111-8111-111111111111";

    /// <param name="fixtures">The folder tests/fixtures.</param>
    public StingFolder(string fixtures)
    {
        Root = Directory.CreateTempSubdirectory("sting-ce-").FullName;
        Copy(Path.Combine(fixtures, "sting"), Install);
        Directory.CreateDirectory(Bin);
        File.Copy(Path.Combine(fixtures, "docker", "docker"), Path.Combine(Bin, "docker"));
        var inspect = File.ReadAllText(Path.Combine(fixtures, "docker", "inspect.json")).Replace("@INSTALL@", Install, StringComparison.Ordinal).Replace("@VOLUMES@", Volumes, StringComparison.Ordinal);
        File.WriteAllText(Inspect, inspect);
        Write(Path.Combine(Volume("jar_documents"), "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333_notes.md"), "# a jar's document");
        Write(Path.Combine(Volume("vault_persistent"), ".vault-init.json"), "SECRET-unseal");
        Write(Path.Combine(Volume("config_data"), ".vault-auto-init.json"), "SECRET-unseal");
        Write(Path.Combine(Volume("sting_logs"), "app.log"), "started");
        Write(Path.Combine(Volume("certs"), "server.key"), "SECRET-private-key");
        Write(Path.Combine(Install, "honey-reserve", Person, "file-1"), "a person's file");
        Write(Path.Combine(Install, "temp-uploads", Person, "file-2"), "for two days");
        Write(Path.Combine(Install, "archives", "2025", "12", Person, "file-3.gz"), "archived");
        Write(Path.Combine(Install, "local-models", "model.gguf"), "large");
        foreach (var volume in (string[])["app_uploads", "knowledge", "vault_file", "vectors", "postgres"])
        {
            Directory.CreateDirectory(Volume(volume));
        }
        Directory.CreateDirectory(Path.Combine(Install, "redis_cache"));
        Directory.CreateDirectory(Path.Combine(Install, "old-backups"));
    }

    /// <summary>Everything.</summary>
    public string Root { get; }

    /// <summary>The installation.</summary>
    public string Install => Path.Combine(Root, "sting-ce");

    /// <summary>Where the stand-in for docker lies.</summary>
    public string Bin => Path.Combine(Root, "bin");

    /// <summary>What the stand-in answers.</summary>
    public string Inspect => Path.Combine(Bin, "inspect.json");

    /// <summary>Docker's folder of volumes.</summary>
    public string Volumes => Path.Combine(Root, "volumes");

    /// <summary>What the stand-in was asked.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Path.Combine(Bin, "calls")) ? File.ReadAllLines(Path.Combine(Bin, "calls")) : [];

    /// <summary>A volume's folder; the fixture's names begin with what no rule would give.</summary>
    public string Volume(string name) => Path.Combine(Volumes, "kx7_" + name, "_data");

    /// <summary>Makes docker fail, with these words.</summary>
    public void DockerSays(string words) => File.WriteAllText(Path.Combine(Bin, "fails"), words);

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}
