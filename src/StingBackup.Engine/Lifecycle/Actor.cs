namespace StingBackup.Engine.Lifecycle;

/// <summary>Who acts, as the operating system knows it.</summary>
public static class Actor
{
    /// <summary>Account and host of this process.</summary>
    public static string Here => $"{Environment.UserName}@{Environment.MachineName}";
}
