using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// An attribute on which every write waits until somebody lets it go: a named pipe that nobody reads.
/// </summary>
internal sealed class HangingAttribute : IDisposable
{
    private readonly string _path;
    private bool _over;

    /// <param name="sysfs">Where it is to be.</param>
    /// <param name="array">md126</param>
    /// <param name="attribute">Its name.</param>
    public HangingAttribute(FakeSysfs sysfs, string array, string attribute)
    {
        _path = sysfs.PathOf(array, attribute);
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.Delete(_path);
        using var made = System.Diagnostics.Process.Start("mkfifo", _path);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    /// <summary>Lets one write go, or waits for it; what was written.</summary>
    public string LetGo()
    {
        using var reader = new StreamReader(_path);
        return reader.ReadToEnd();
    }

    /// <summary>Whoever waits, or will, is let go.</summary>
    public void Dispose()
    {
        if (!_over)
        {
            _over = true;
            using var both = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite);
            File.Delete(_path);
        }
    }
}
