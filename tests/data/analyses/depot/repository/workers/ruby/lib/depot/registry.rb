module Depot
  class Registry
    def initialize
      @handlers = {}
    end

    def register(name, handler)
      raise ArgumentError, name if @handlers.key?(name)

      @handlers[name] = handler
    end

    def find(name)
      @handlers.fetch(name)
    end
  end
end
