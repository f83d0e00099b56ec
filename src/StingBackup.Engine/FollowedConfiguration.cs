using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine;

/// <summary>What a configuration says of performance now: whoever changes the file changes it for the jobs that run. A file that is away or wrong for the moment changes nothing.</summary>
internal sealed class FollowedConfiguration(StingConfiguration configuration)
{
    private readonly Lock _gate = new();
    private readonly string _path = configuration.File;
    private (DateTime Time, DateTime Beside) _read = Changed(configuration.File);
    private PerformanceSettings _settings = configuration.Performance;

    /// <summary>Looks at the file's time, and reads it where that is another one.</summary>
    public PerformanceSettings Look()
    {
        lock (_gate)
        {
            var changed = Changed(_path);
            if (changed == _read)
            {
                return _settings;
            }
            _read = changed;
            try
            {
                _settings = new ConfigurationLoader(new HostView()).Load(_path).Performance;
            }
            catch (Exception e) when (e is StingException or IOException or UnauthorizedAccessException)
            {
                // In the middle of being written, most likely. The next change is looked at again, and the next job says what is wrong.
            }
            return _settings;
        }
    }

    private static (DateTime, DateTime) Changed(string path) => (File.GetLastWriteTimeUtc(path), File.GetLastWriteTimeUtc(Path.Join(Path.GetDirectoryName(path), ConfigurationLocator.ShellName)));
}
