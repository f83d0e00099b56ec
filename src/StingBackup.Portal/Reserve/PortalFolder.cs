namespace StingBackup.Portal.Reserve;

/// <summary>The portal's folders in the host's state: for its own account alone.</summary>
internal static class PortalFolder
{
    public static DirectoryInfo Make(string stateDirectory, string name)
    {
        var path = Path.Join(stateDirectory, "portal", name);
        return OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
