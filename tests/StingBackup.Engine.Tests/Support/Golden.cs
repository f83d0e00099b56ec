using System.Runtime.CompilerServices;

namespace StingBackup.Engine.Tests.Support;

/// <summary>Compares a text with a file of the tree. With STING_UPDATE_GOLDEN=1 the file is written instead, to be looked at and committed.</summary>
internal static class Golden
{
    /// <summary>The project's top folder, found from where this source stands.</summary>
    public static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Join(Path.GetDirectoryName(here), "..", "..", ".."));

    /// <summary>The same, for whoever stands deeper in the tree.</summary>
    public static string Top => Root();

    public static void Check(string relativePath, string text)
    {
        var path = Path.Join(Root(), relativePath);
        if (Environment.GetEnvironmentVariable("STING_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        Assert.True(File.Exists(path), $"{relativePath} is not there; run the test with STING_UPDATE_GOLDEN=1 and look at what it writes.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), text);
    }
}
