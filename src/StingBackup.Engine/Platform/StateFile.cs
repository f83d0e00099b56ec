using System.Text.Json;

namespace StingBackup.Engine.Platform;

/// <summary>Small files of JSON in the state folder, by which processes of a host tell each other how things stand. None is authority: each can be lost.</summary>
internal static class StateFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What a type says can be null may be so, nothing else: a note that lacks something is none.
    private static readonly JsonSerializerOptions Whole = new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>Reads one; null when it is not there, or is no such file.</summary>
    public static T? Read<T>(string path) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Whole) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Puts one in the place of the last, in one step; after a power cut an older one may stand there.</summary>
    public static void Write<T>(string path, T value)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(value));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(temporary, Private);
        }
        Durable.Replace(temporary, path);
    }

    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
        }
    }
}
