using StingBackup.Packager;

try
{
    if (PackageOptions.Read(args) is not { } options)
    {
        Console.Write(PackageOptions.Help);
        return 0;
    }
    await PackageRun.RunAsync(options);
    return 0;
}
catch (PackageException e)
{
    await Console.Error.WriteLineAsync($"package: {e.Message}");
    return 1;
}
