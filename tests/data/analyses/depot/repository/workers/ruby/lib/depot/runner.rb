module Depot
  class Runner
    def initialize(registry)
      @registry = registry
    end

    def run(name, step)
      @registry.find(name).call(step)
    rescue KeyError
      :unknown
    end
  end
end
